/// A whole cluster in one thread: real planners, dispatcher and agents over simulated time,
/// network, log and processes. A seed decides everything, so it replays any failure.
@NullMarked
package dev.skein.chaos.sim;

import org.jspecify.annotations.NullMarked;
