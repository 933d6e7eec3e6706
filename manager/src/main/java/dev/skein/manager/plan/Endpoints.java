package dev.skein.manager.plan;

import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.Protocol;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.Service;

/// What the published ports of services mean where their specs leave something out.
public final class Endpoints {
  private Endpoints() {}

  /// Whether the service has got every port that its spec asks for.
  public static boolean isAllocated(Service service) {
    var wanted = service.getSpec().getEndpointSpec();
    var endpoint = service.getEndpoint();
    return wanted.getPortsCount() == 0
        ? endpoint.getPortsCount() == 0
        : endpoint.getSpec().equals(wanted) && endpoint.getPortsCount() == wanted.getPortsCount();
  }

  /// The port's protocol, tcp when none is named.
  public static Protocol protocol(PortConfig port) {
    return port.getProtocol() == Protocol.PROTOCOL_UNSPECIFIED
        ? Protocol.PROTOCOL_TCP
        : port.getProtocol();
  }

  /// Whether the port is published on the task's own node only.
  public static boolean isHostMode(PortConfig port) {
    return port.getPublishMode() == PublishMode.PUBLISH_MODE_HOST;
  }

  /// As users write it, such as `8080/tcp`.
  public static String text(Protocol protocol, int port) {
    return port + (protocol == Protocol.PROTOCOL_UDP ? "/udp" : "/tcp");
  }
}
