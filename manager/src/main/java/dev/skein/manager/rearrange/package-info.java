/// Moves running replicas to other nodes: to spread them evenly, or to empty nodes.
@NullMarked
package dev.skein.manager.rearrange;

import org.jspecify.annotations.NullMarked;
