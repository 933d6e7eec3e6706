package dev.skein.manager.allocate;

import dev.skein.manager.plan.Endpoints;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.Protocol;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.Service;
import dev.skein.state.ClusterState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who holds which published port of the whole cluster. A service that is being removed holds its
/// ports until the last of its tasks is gone: the mesh still drains them. Lives for one planning
/// call.
final class PublishedPorts {
  /// The ports that services get which name none (SwarmKit's range).
  static final int DYNAMIC_PORT_MIN = 30_000;

  static final int DYNAMIC_PORT_MAX = 32_767;

  private final ClusterState state;
  private @Nullable Map<Port, Service> holders;

  PublishedPorts(ClusterState state) {
    this.state = state;
  }

  /// What came of asking for a service's ports.
  sealed interface Allocation {}

  /// @param ports one for each of the endpoint spec's, in order
  record Allocated(List<PortConfig> ports) implements Allocation {}

  /// @param reason for the user
  record Refused(String reason) implements Allocation {}

  private record Port(Protocol protocol, int number) {}

  /// All of a service's ports or none.
  Allocation allocate(Service service) {
    var taken = holders();
    var mine = new HashMap<Port, Service>();
    var wanted = service.getSpec().getEndpointSpec().getPortsList();
    for (var port : wanted) {
      if (!isDynamic(port) && !Endpoints.isHostMode(port)) {
        var key = new Port(Endpoints.protocol(port), port.getPublishedPort());
        var holder = taken.get(key);
        if (holder != null && !holder.getId().equals(service.getId())) {
          return new Refused(conflict(key, holder));
        }
        mine.put(key, service);
      }
    }
    var ports = new ArrayList<PortConfig>(wanted.size());
    for (var port : wanted) {
      if (!isDynamic(port)) {
        ports.add(explicit(port, port.getPublishedPort()));
        continue;
      }
      var number = dynamic(service, port, taken, mine);
      if (number == 0) {
        return new Refused(
            "no published port is free between %d and %d for target port %s"
                .formatted(
                    DYNAMIC_PORT_MIN,
                    DYNAMIC_PORT_MAX,
                    Endpoints.text(Endpoints.protocol(port), port.getTargetPort())));
      }
      mine.put(new Port(Endpoints.protocol(port), number), service);
      ports.add(explicit(port, number));
    }
    taken.values().removeIf(holder -> holder.getId().equals(service.getId()));
    taken.putAll(mine);
    return new Allocated(List.copyOf(ports));
  }

  /// The port that the service had for this target before, or else the lowest that is free; 0
  /// when there is none.
  private static int dynamic(
      Service service, PortConfig port, Map<Port, Service> taken, Map<Port, Service> mine) {
    var protocol = Endpoints.protocol(port);
    for (var earlier : service.getEndpoint().getPortsList()) {
      var key = new Port(protocol, earlier.getPublishedPort());
      if (earlier.getTargetPort() == port.getTargetPort()
          && Endpoints.protocol(earlier) == protocol
          && !Endpoints.isHostMode(earlier)
          && earlier.getPublishedPort() >= DYNAMIC_PORT_MIN
          && earlier.getPublishedPort() <= DYNAMIC_PORT_MAX
          && !mine.containsKey(key)) {
        var holder = taken.get(key);
        if (holder == null || holder.getId().equals(service.getId())) {
          return key.number();
        }
      }
    }
    for (var number = DYNAMIC_PORT_MIN; number <= DYNAMIC_PORT_MAX; number++) {
      var key = new Port(protocol, number);
      if (!taken.containsKey(key) && !mine.containsKey(key)) {
        return number;
      }
    }
    return 0;
  }

  private static PortConfig explicit(PortConfig port, int number) {
    return port.toBuilder()
        .setProtocol(Endpoints.protocol(port))
        .setPublishMode(
            Endpoints.isHostMode(port)
                ? PublishMode.PUBLISH_MODE_HOST
                : PublishMode.PUBLISH_MODE_INGRESS)
        .setPublishedPort(number)
        .build();
  }

  /// A host-mode port without a number is the node's to choose, task by task.
  private static boolean isDynamic(PortConfig port) {
    return port.getPublishedPort() == 0 && !Endpoints.isHostMode(port);
  }

  private static String conflict(Port port, Service holder) {
    return "published port %s is in use by service %s%s"
        .formatted(
            Endpoints.text(port.protocol(), port.number()),
            holder.getSpec().getName(),
            holder.getPendingDelete() ? ", which is being removed" : "");
  }

  private Map<Port, Service> holders() {
    var known = holders;
    if (known == null) {
      known = new HashMap<>();
      for (var service : state.services().values()) {
        for (var port : service.getEndpoint().getPortsList()) {
          if (!Endpoints.isHostMode(port)) {
            known.put(new Port(Endpoints.protocol(port), port.getPublishedPort()), service);
          }
        }
      }
      holders = known;
    }
    return known;
  }
}
