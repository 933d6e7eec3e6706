/// What a worker needs from anything that runs tasks: the seam between the agent and its runtimes.
@NullMarked
package dev.skein.worker.runtime;

import org.jspecify.annotations.NullMarked;
