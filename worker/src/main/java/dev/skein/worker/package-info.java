/// A worker node: the agent, its session with the managers, and the task runtimes.
@NullMarked
package dev.skein.worker;

import org.jspecify.annotations.NullMarked;
