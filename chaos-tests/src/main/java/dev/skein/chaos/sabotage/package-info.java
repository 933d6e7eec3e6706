/// Builds with a known defect, and the proof that the checkers catch each: a check that has never
/// failed tells nothing.
@NullMarked
package dev.skein.chaos.sabotage;

import org.jspecify.annotations.NullMarked;
