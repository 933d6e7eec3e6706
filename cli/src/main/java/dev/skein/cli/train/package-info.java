/// The training run that the start-up cache is made from.
@NullMarked
package dev.skein.cli.train;

import org.jspecify.annotations.NullMarked;
