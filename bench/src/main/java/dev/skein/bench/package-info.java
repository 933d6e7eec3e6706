/// Benchmarks: drivers and their peers.
@NullMarked
package dev.skein.bench;

import org.jspecify.annotations.NullMarked;
