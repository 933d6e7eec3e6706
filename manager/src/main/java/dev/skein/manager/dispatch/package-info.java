/// The managers' side of the sessions with the workers, on the leader: who is alive, what each
/// runs, what each reported, and the routing mesh's table.
///
/// [dev.skein.manager.dispatch.DispatcherCore] decides (pure, over events and a given time) and
/// [dev.skein.manager.dispatch.DispatcherService] acts. Nothing here survives the leader: a new
/// one rebuilds all of it from the replicated state and from what the agents say when they
/// connect.
@NullMarked
package dev.skein.manager.dispatch;

import org.jspecify.annotations.NullMarked;
