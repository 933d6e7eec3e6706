package dev.skein.chaos.host;

import dev.skein.chaos.lab.Member;
import java.util.Optional;

/// A node as the cluster tells of it.
///
/// @param name its hostname; its id where another node has the same
/// @param forbidden why no fault may befall it, if none may
public record HostNode(
    String id, String name, String address, boolean isManager, Optional<String> forbidden)
    implements Member {

  /// Only its managers could tell otherwise, in a while.
  @Override
  public boolean isRunning() {
    return true;
  }

  @Override
  public String toString() {
    return name;
  }
}
