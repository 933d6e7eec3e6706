/// The HTTP server: listeners, connections, limits and the route table. Knows no route and no
/// message.
@NullMarked
package dev.skein.api.http;

import org.jspecify.annotations.NullMarked;
