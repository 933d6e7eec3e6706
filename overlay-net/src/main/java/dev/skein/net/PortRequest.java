package dev.skein.net;

/// One port of a task that others reach.
///
/// @param target the port that the task's specification names
/// @param protocol its protocol
/// @param mode who listens on the published port
/// @param published the published port; 0 when the mesh has none yet, or, with [Mode#HOST], for one
///     that the node chooses
public record PortRequest(int target, Protocol protocol, Mode mode, int published) {

  private static final int MAX_PORT = 65_535;

  /// Checks the ranges.
  public PortRequest {
    if (target < 1 || target > MAX_PORT) {
      throw new IllegalArgumentException("target port " + target + " is not between 1 and 65535");
    }
    if (published < 0 || published > MAX_PORT) {
      throw new IllegalArgumentException(
          "published port " + published + " is not between 0 and 65535");
    }
  }

  /// How a port is published.
  public enum Mode {
    /// The mesh listens on every node and passes on to a port that the node assigns to the task.
    INGRESS,
    /// The task itself listens on the published port of its node.
    HOST
  }
}
