/// The fault laboratory and the deterministic simulator.
@NullMarked
package dev.skein.chaos;

import org.jspecify.annotations.NullMarked;
