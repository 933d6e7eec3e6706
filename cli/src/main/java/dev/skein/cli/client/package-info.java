/// The program's own HTTP/1.1 client of the daemon's API: small, because it is loaded at each
/// start.
@NullMarked
package dev.skein.cli.client;

import org.jspecify.annotations.NullMarked;
