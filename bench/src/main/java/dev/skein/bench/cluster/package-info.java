/// A cluster of real daemons on loopback addresses, and what drives it.
@NullMarked
package dev.skein.bench.cluster;

import org.jspecify.annotations.NullMarked;
