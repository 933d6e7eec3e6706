@NullMarked
package dev.skein.chaos.exercise;

import org.jspecify.annotations.NullMarked;
