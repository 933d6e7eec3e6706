/// Clients that keep a cluster's managers busy through their control sockets, and remember what
/// they were told.
@NullMarked
package dev.skein.chaos.workload;

import org.jspecify.annotations.NullMarked;
