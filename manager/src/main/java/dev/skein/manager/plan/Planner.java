package dev.skein.manager.plan;

import dev.skein.state.ClusterState;
import java.time.Instant;

/// Decides one aspect of the cluster. Level-triggered: it looks at what is, for the keys that may
/// have changed, and returns what should change. The same state, keys and time give the same plan
/// but for the ids of new tasks, which come from its id source. It may keep what it derives from
/// the state to be fast, never what the state does not say. Owned by one thread.
public interface Planner {
  /// Decides for the keys that may have changed.
  ///
  /// @param state the state to plan on
  /// @param dirty every key that may have changed since this planner's last call
  /// @param now the time, read once per round
  Plan plan(ClusterState state, Dirty dirty, Instant now);
}
