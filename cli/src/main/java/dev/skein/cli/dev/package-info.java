/// `skein dev`: a whole cluster of separate daemon processes on this machine, each with a loopback
/// address of its own.
@NullMarked
package dev.skein.cli.dev;

import org.jspecify.annotations.NullMarked;
