package dev.skein.net;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A task's place in the network; keep it with the task, to give it back after a restart.
///
/// @param taskId the task
/// @param address the numeric address that the task's ports are reached at
/// @param ports its ports in the order of the request
public record Attachment(String taskId, String address, List<AssignedPort> ports) {

  /// Copies the list.
  public Attachment {
    ports = List.copyOf(ports);
  }

  /// The variables that tell the task where to listen: `SKEIN_ADDR` is the address, `PORT` the
  /// first port and `SKEIN_PORT_<target>` each one (`SKEIN_PORT_<target>_UDP` for a datagram port
  /// whose target is a connection port too).
  public Map<String, String> environment() {
    var environment = new LinkedHashMap<String, String>();
    environment.put("SKEIN_ADDR", address);
    for (var assigned : ports) {
      var port = Integer.toString(assigned.port());
      environment.putIfAbsent("PORT", port);
      var name = "SKEIN_PORT_" + assigned.request().target();
      environment.put(hasTcpTwin(assigned.request()) ? name + "_UDP" : name, port);
    }
    return environment;
  }

  private boolean hasTcpTwin(PortRequest request) {
    return request.protocol() == Protocol.UDP
        && ports.stream()
            .map(AssignedPort::request)
            .anyMatch(
                other -> other.target() == request.target() && other.protocol() == Protocol.TCP);
  }
}
