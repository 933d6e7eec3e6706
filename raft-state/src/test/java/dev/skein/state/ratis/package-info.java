/// Real Ratis in one JVM, each member on its own loopback address and directory.
@NullMarked
package dev.skein.state.ratis;

import org.jspecify.annotations.NullMarked;
