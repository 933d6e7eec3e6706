/// The checkers: pure functions from what was observed of a cluster to a verdict.
@NullMarked
package dev.skein.chaos.check;

import org.jspecify.annotations.NullMarked;
