package dev.skein.worker.agent;

import dev.skein.net.AssignedPort;
import dev.skein.net.AttachRequest;
import dev.skein.net.Attachment;
import dev.skein.net.NetworkRejection;
import dev.skein.net.PortRequest;
import dev.skein.net.Protocol;
import dev.skein.net.TaskNetwork;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.PublishMode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;

/// A task network as the agent sees it. As thread-safe as the network.
public final class NetworkPorts implements TaskPorts {

  private final TaskNetwork network;
  private final String address;

  /// @param address the node's address, where adopted tasks are reached
  public NetworkPorts(TaskNetwork network, String address) {
    this.network = network;
    this.address = address;
  }

  @Override
  public Given attach(String taskId, List<PortConfig> wanted) throws IOException {
    // A target that is published on several ports is still one port of the task.
    var byTarget = new LinkedHashMap<String, PortRequest>();
    try {
      for (var port : wanted) {
        byTarget.putIfAbsent(port.getTargetPort() + "/" + protocol(port), request(port));
      }
      var attachment = network.attach(new AttachRequest(taskId, List.copyOf(byTarget.values())));
      return new Given(
          attachment.ports().stream().map(NetworkPorts::given).toList(), attachment.environment());
    } catch (NetworkRejection | IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public void adopt(String taskId, List<PortConfig> ports) {
    network.adopt(
        new Attachment(
            taskId,
            address,
            ports.stream()
                .map(port -> new AssignedPort(request(port), port.getPublishedPort()))
                .toList()));
  }

  @Override
  public void detach(String taskId) {
    network.detach(taskId);
  }

  private static PortRequest request(PortConfig port) {
    return new PortRequest(
        port.getTargetPort(),
        protocol(port),
        port.getPublishMode() == PublishMode.PUBLISH_MODE_HOST
            ? PortRequest.Mode.HOST
            : PortRequest.Mode.INGRESS,
        port.getPublishedPort());
  }

  private static PortConfig given(AssignedPort assigned) {
    return PortConfig.newBuilder()
        .setTargetPort(assigned.request().target())
        .setPublishedPort(assigned.port())
        .setProtocol(
            assigned.request().protocol() == Protocol.UDP
                ? dev.skein.proto.v1.Protocol.PROTOCOL_UDP
                : dev.skein.proto.v1.Protocol.PROTOCOL_TCP)
        .setPublishMode(
            assigned.request().mode() == PortRequest.Mode.HOST
                ? PublishMode.PUBLISH_MODE_HOST
                : PublishMode.PUBLISH_MODE_INGRESS)
        .build();
  }

  private static Protocol protocol(PortConfig port) {
    return port.getProtocol() == dev.skein.proto.v1.Protocol.PROTOCOL_UDP
        ? Protocol.UDP
        : Protocol.TCP;
  }
}
