/// `skein chaos …`: the failure laboratory on the command line.
@NullMarked
package dev.skein.chaos.command;

import org.jspecify.annotations.NullMarked;
