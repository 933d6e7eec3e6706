/// What can go wrong: each fault is injected into a lab's nodes and undone at its end, when the run
/// is aborted, when the process that injected it dies, and by a timer.
@NullMarked
package dev.skein.chaos.fault;

import org.jspecify.annotations.NullMarked;
