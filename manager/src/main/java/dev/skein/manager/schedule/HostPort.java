package dev.skein.manager.schedule;

import dev.skein.manager.plan.Endpoints;
import dev.skein.proto.v1.EndpointSpec;
import dev.skein.proto.v1.Protocol;
import java.util.ArrayList;
import java.util.List;

/// A port that a task takes on its own node.
public record HostPort(Protocol protocol, int port) {
  /// The ports that tasks with this endpoint spec take. One that the node is to choose is no
  /// conflict with any.
  public static List<HostPort> of(EndpointSpec endpoint) {
    var ports = new ArrayList<HostPort>(0);
    for (var port : endpoint.getPortsList()) {
      if (Endpoints.isHostMode(port) && port.getPublishedPort() != 0) {
        ports.add(new HostPort(Endpoints.protocol(port), port.getPublishedPort()));
      }
    }
    return List.copyOf(ports);
  }
}
