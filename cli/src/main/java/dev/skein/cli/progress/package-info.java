/// Following a service until it has converged.
@NullMarked
package dev.skein.cli.progress;

import org.jspecify.annotations.NullMarked;
