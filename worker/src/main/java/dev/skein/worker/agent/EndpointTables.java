package dev.skein.worker.agent;

import dev.skein.mesh.Endpoint;
import dev.skein.mesh.EndpointTable;
import dev.skein.mesh.Protocol;
import dev.skein.mesh.PublishedPort;
import dev.skein.proto.v1.MeshEndpoint;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.PortConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// From the managers' mesh table to the one that the routing mesh takes. Pure.
///
/// While a service is being removed its port may be another's already: the port then belongs to
/// the service that has ready endpoints, and the other's endpoints are only drained.
record EndpointTables(EndpointTable table, Set<String> unreachable) {

  private record Key(int port, Protocol protocol) {}

  /// Makes the table.
  ///
  /// @return the table, and the draining endpoints that are not in it because they have no port
  ///     there: no mesh has a connection to them
  static EndpointTables of(List<MeshService> services) {
    var owners = new LinkedHashMap<Key, MeshService>();
    var endpoints = new LinkedHashMap<Key, Map<String, Endpoint>>();
    for (var service : services) {
      var serves = service.getEndpointsList().stream().anyMatch(each -> !each.getDraining());
      for (var port : service.getPortsList()) {
        var key = new Key(port.getPublishedPort(), protocol(port));
        if (serves || !owners.containsKey(key)) {
          owners.put(key, service);
        }
        var behind = endpoints.computeIfAbsent(key, ignored -> new LinkedHashMap<>());
        for (var endpoint : service.getEndpointsList()) {
          var at = portFor(endpoint, port);
          if (at > 0 && !endpoint.getAddr().isEmpty()) {
            behind.put(
                endpoint.getTaskId(),
                new Endpoint(
                    endpoint.getTaskId(),
                    endpoint.getAddr(),
                    at,
                    endpoint.getDraining() ? Endpoint.State.DRAINING : Endpoint.State.READY));
          }
        }
      }
    }
    var ports = new ArrayList<PublishedPort>(owners.size());
    var reachable = new HashSet<String>();
    owners.forEach(
        (key, owner) -> {
          var behind = endpoints.getOrDefault(key, Map.of());
          reachable.addAll(behind.keySet());
          ports.add(
              new PublishedPort(
                  owner.getServiceId(),
                  key.port,
                  key.protocol,
                  List.copyOf(behind.values()),
                  owner.hasHoldTime() ? duration(owner.getHoldTime()) : null));
        });
    var unreachable = new HashSet<String>();
    for (var service : services) {
      for (var endpoint : service.getEndpointsList()) {
        if (endpoint.getDraining() && !reachable.contains(endpoint.getTaskId())) {
          unreachable.add(endpoint.getTaskId());
        }
      }
    }
    return new EndpointTables(new EndpointTable(ports), unreachable);
  }

  private static int portFor(MeshEndpoint endpoint, PortConfig published) {
    for (var port : endpoint.getPortsList()) {
      if (port.getTargetPort() == published.getTargetPort()
          && protocol(port) == protocol(published)
          && port.getPublishedPort() <= PublishedPort.PORT_MAX) {
        return port.getPublishedPort();
      }
    }
    return 0;
  }

  private static Duration duration(com.google.protobuf.Duration duration) {
    return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
  }

  private static Protocol protocol(PortConfig port) {
    return port.getProtocol() == dev.skein.proto.v1.Protocol.PROTOCOL_UDP
        ? Protocol.UDP
        : Protocol.TCP;
  }
}
