/// Whole-swarm benchmarks with more workers than a machine has.
@NullMarked
package dev.skein.bench.swarm;

import org.jspecify.annotations.NullMarked;
