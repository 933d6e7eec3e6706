package dev.skein.mesh;

/// What two published ports may not share on one node.
///
/// @param port 1 to 65,535
/// @param protocol what is spoken there
public record PortKey(int port, Protocol protocol) {
  /// As users write it, for example `8080/tcp`.
  @Override
  public String toString() {
    return port + "/" + protocol;
  }
}
