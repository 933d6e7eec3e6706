/// How a task's processes are kept together, limited, measured and killed: cgroup v1, v2, or
/// neither.
@NullMarked
package dev.skein.worker.runtime.cgroup;

import org.jspecify.annotations.NullMarked;
