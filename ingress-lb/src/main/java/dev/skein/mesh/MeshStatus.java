package dev.skein.mesh;

import java.util.Map;
import java.util.Set;

/// Which published ports this node serves.
///
/// @param listening the ports that are bound
/// @param failed the ports that are not, each with the reason and what to do; they are retried
public record MeshStatus(Set<PortKey> listening, Map<PortKey, String> failed) {
  /// Copies both.
  public MeshStatus {
    listening = Set.copyOf(listening);
    failed = Map.copyOf(failed);
  }

  /// Whether every port of the table is bound.
  public boolean complete() {
    return failed.isEmpty();
  }
}
