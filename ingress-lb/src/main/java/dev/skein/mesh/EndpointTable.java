package dev.skein.mesh;

import java.util.HashMap;
import java.util.List;

/// Everything that a node's mesh should serve: a value that replaces the one before it.
///
/// @param ports the published ports, each port and protocol at most once; at most [#PORTS_MAX]
public record EndpointTable(List<PublishedPort> ports) {
  /// The most published ports of one node.
  public static final int PORTS_MAX = 32_768;

  /// The table that publishes nothing.
  public static final EndpointTable EMPTY = new EndpointTable(List.of());

  /// Checks the values.
  ///
  /// @throws IllegalArgumentException when a port is published twice or there are too many
  public EndpointTable {
    ports = List.copyOf(ports);
    if (ports.size() > PORTS_MAX) {
      throw new IllegalArgumentException(
          "the table has %d ports; at most %d are allowed".formatted(ports.size(), PORTS_MAX));
    }
    var owners = new HashMap<PortKey, String>();
    for (var port : ports) {
      var owner = owners.putIfAbsent(port.key(), port.serviceId());
      if (owner != null) {
        throw new IllegalArgumentException(
            "port %s is published by both service %s and service %s; publish it once"
                .formatted(port.key(), owner, port.serviceId()));
      }
    }
  }
}
