/// What the node, its tasks and its mesh use, measured every few seconds for the leader.
@NullMarked
package dev.skein.worker.stats;

import org.jspecify.annotations.NullMarked;
