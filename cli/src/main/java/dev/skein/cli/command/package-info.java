/// The commands, their flags and help, and the parser that finds and runs the one that was asked
/// for.
@NullMarked
package dev.skein.cli.command;

import org.jspecify.annotations.NullMarked;
