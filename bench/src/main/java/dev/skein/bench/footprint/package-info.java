/// What the programs take: time, memory, processor.
@NullMarked
package dev.skein.bench.footprint;

import org.jspecify.annotations.NullMarked;
