/// The `process` runtime: tasks are supervised processes of the host that outlive the agent.
@NullMarked
package dev.skein.worker.runtime.process;

import org.jspecify.annotations.NullMarked;
