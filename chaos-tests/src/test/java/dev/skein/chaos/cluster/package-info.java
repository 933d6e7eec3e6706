/// Clusters of real daemons, each a process of its own started by the `skein` script, and what the
/// tests drive them with.
@NullMarked
package dev.skein.chaos.cluster;

import org.jspecify.annotations.NullMarked;
