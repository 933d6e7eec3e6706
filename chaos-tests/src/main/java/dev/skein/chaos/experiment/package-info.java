/// Experiments as users write them: read and checked, planned as a timeline, run against a
/// lab, and reported.
@NullMarked
package dev.skein.chaos.experiment;

import org.jspecify.annotations.NullMarked;
