/// How soon replicas run.
@NullMarked
package dev.skein.bench.start;

import org.jspecify.annotations.NullMarked;
