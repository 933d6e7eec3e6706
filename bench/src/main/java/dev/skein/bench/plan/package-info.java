/// The leader's planning, without a network.
@NullMarked
package dev.skein.bench.plan;

import org.jspecify.annotations.NullMarked;
