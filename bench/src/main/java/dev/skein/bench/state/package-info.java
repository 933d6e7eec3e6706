/// How fast the replicated state applies, snapshots and loads, and what it costs in heap.
@NullMarked
package dev.skein.bench.state;

import org.jspecify.annotations.NullMarked;
