/// The values that flags take, read from text: durations, sizes, ports, key-value pairs.
@NullMarked
package dev.skein.cli.value;

import org.jspecify.annotations.NullMarked;
