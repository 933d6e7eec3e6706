package dev.skein.mesh;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One published port of one service with the replicas behind it.
///
/// @param serviceId the service that owns the port in the whole cluster
/// @param port 1 to 65,535, listened to on this node's own address
/// @param protocol what is spoken there
/// @param endpoints the replicas, each task at most once; at most [#ENDPOINTS_MAX]
/// @param holdTime how long a client is held while no replica answers; null: as long as the mesh's
///     configuration says
public record PublishedPort(
    String serviceId,
    int port,
    Protocol protocol,
    List<Endpoint> endpoints,
    @Nullable Duration holdTime) {
  /// The largest port number.
  public static final int PORT_MAX = 65_535;

  /// The most replicas behind one port.
  public static final int ENDPOINTS_MAX = 100_000;

  /// Checks the values.
  ///
  /// @throws IllegalArgumentException when a value is out of range or a task is listed twice
  public PublishedPort {
    Objects.requireNonNull(serviceId, "serviceId");
    Objects.requireNonNull(protocol, "protocol");
    endpoints = List.copyOf(endpoints);
    if (port < 1 || port > PORT_MAX) {
      throw new IllegalArgumentException(
          "service %s publishes port %d; give one from 1 to %d"
              .formatted(serviceId, port, PORT_MAX));
    }
    if (holdTime != null && holdTime.isNegative()) {
      throw new IllegalArgumentException(
          "port %d/%s is held for %s; give zero or more".formatted(port, protocol, holdTime));
    }
    if (endpoints.size() > ENDPOINTS_MAX) {
      throw new IllegalArgumentException(
          "port %d/%s has %d endpoints; at most %d are allowed"
              .formatted(port, protocol, endpoints.size(), ENDPOINTS_MAX));
    }
    var tasks = new HashSet<String>();
    for (var endpoint : endpoints) {
      if (!tasks.add(endpoint.taskId())) {
        throw new IllegalArgumentException(
            "port %d/%s lists task %s twice; list each task once"
                .formatted(port, protocol, endpoint.taskId()));
      }
    }
  }

  /// A port whose clients are held for as long as the mesh's configuration says.
  public PublishedPort(String serviceId, int port, Protocol protocol, List<Endpoint> endpoints) {
    this(serviceId, port, protocol, endpoints, null);
  }

  PortKey key() {
    return new PortKey(port, protocol);
  }
}
