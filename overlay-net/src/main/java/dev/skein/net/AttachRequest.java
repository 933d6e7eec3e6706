package dev.skein.net;

import java.util.List;

/// What a task needs of the network.
///
/// @param taskId the task
/// @param ports its ports, the first one being the one that `PORT` tells
public record AttachRequest(String taskId, List<PortRequest> ports) {

  /// More ports than this are a mistake.
  public static final int MAX_PORTS = 100;

  /// Copies the list. Throws [IllegalArgumentException] for too many ports, or one target twice.
  public AttachRequest {
    ports = List.copyOf(ports);
    if (ports.size() > MAX_PORTS) {
      throw new IllegalArgumentException(
          "task " + taskId + " has " + ports.size() + " ports; the limit is " + MAX_PORTS);
    }
    if (ports.stream().map(port -> port.target() + "/" + port.protocol()).distinct().count()
        < ports.size()) {
      throw new IllegalArgumentException("task " + taskId + " names a target port twice: " + ports);
    }
  }
}
