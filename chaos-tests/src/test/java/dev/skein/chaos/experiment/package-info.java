@NullMarked
package dev.skein.chaos.experiment;

import org.jspecify.annotations.NullMarked;
