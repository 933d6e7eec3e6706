/// Exercises for people: something goes wrong in a real cluster, and they repair it. What they
/// did is judged by the cluster's state, never by what they typed.
@NullMarked
package dev.skein.chaos.exercise;

import org.jspecify.annotations.NullMarked;
