/// The built-in sample task.
@NullMarked
package dev.skein.cli.whoami;

import org.jspecify.annotations.NullMarked;
