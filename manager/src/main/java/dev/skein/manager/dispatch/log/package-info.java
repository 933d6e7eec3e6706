/// Service logs: from the nodes that have them, through the leader, to whoever asked.
@NullMarked
package dev.skein.manager.dispatch.log;

import org.jspecify.annotations.NullMarked;
