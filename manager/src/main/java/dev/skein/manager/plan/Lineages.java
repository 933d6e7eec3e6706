package dev.skein.manager.plan;

import dev.skein.state.ClusterState;
import java.util.HashMap;
import java.util.Map;

/// The lineages of one state, each read once for all the planners that ask for it. Owned by the
/// planning thread.
public final class Lineages {
  private final ClusterState state;
  private final Map<Slot, Lineage> known = new HashMap<>();

  Lineages(ClusterState state) {
    this.state = state;
  }

  boolean areOf(ClusterState other) {
    return state == other;
  }

  /// The lineage of a slot.
  public Lineage of(Slot slot) {
    return known.computeIfAbsent(slot, each -> Lineage.of(state, each));
  }
}
