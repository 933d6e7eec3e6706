package dev.skein.state;

import java.util.List;

/// What applying one log entry gave.
///
/// @param state the state after it
/// @param outcomes one per change set, in their order
/// @param changes what really changed, in order; an object that changed twice is in it twice
public record Applied(ClusterState state, List<Outcome> outcomes, List<ObjectChange> changes) {
  public Applied {
    outcomes = List.copyOf(outcomes);
    changes = List.copyOf(changes);
  }
}
