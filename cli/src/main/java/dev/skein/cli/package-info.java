/// The `skein` program.
@NullMarked
package dev.skein.cli;

import org.jspecify.annotations.NullMarked;
