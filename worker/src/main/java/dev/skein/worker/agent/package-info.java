/// The worker's side of the session with the managers: what this node was told to run, and how far
/// it is.
///
/// [dev.skein.worker.agent.AgentCore] decides (pure, over events and a given time) and
/// [dev.skein.worker.agent.Agent] acts: one thread owns the core, everything that blocks
/// runs beside it and posts events back.
@NullMarked
package dev.skein.worker.agent;

import org.jspecify.annotations.NullMarked;
