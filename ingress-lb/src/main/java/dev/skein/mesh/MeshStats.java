package dev.skein.mesh;

import java.util.List;

/// Counters of every published port, since the port was opened by this process.
///
/// @param ports one entry for each port, in no particular order
public record MeshStats(List<Port> ports) {
  /// Copies the list.
  public MeshStats {
    ports = List.copyOf(ports);
  }

  /// The counters of one port. A UDP session counts as a connection.
  ///
  /// @param serviceId the owning service
  /// @param key port and protocol
  /// @param open connections that are open or held now
  /// @param held connections that wait for a replica now
  /// @param total connections taken from clients
  /// @param bytesFromClients payload bytes that replicas were sent
  /// @param bytesToClients payload bytes that clients were sent
  /// @param retries attempts at a replica that failed and were made elsewhere or again
  /// @param refused clients turned away: at a limit, or because no replica answered within the hold
  ///     time
  public record Port(
      String serviceId,
      PortKey key,
      int open,
      int held,
      long total,
      long bytesFromClients,
      long bytesToClients,
      long retries,
      long refused) {}
}
