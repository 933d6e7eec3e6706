package dev.skein.manager.dispatch.log;

import dev.skein.proto.v1.LogLine;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;

/// What wrote a line, as it was known when its log was asked for: the state may have forgotten the
/// task, or even the service, when the line is printed.
///
/// @param taskName the service's name with the slot, or with the node's id where there are none
record LogSource(String serviceId, String taskName) {

  static LogSource of(ClusterState state, Task task) {
    var service = state.service(task.getServiceId());
    return new LogSource(
        task.getServiceId(),
        (service == null ? task.getServiceId() : service.getSpec().getName())
            + "."
            + (task.getSlot() == 0 ? task.getNodeId() : Integer.toUnsignedString(task.getSlot())));
  }

  /// The line with what only the leader knows.
  LogLine name(LogLine line, String nodeId) {
    return LogLine.newBuilder(line)
        .setNodeId(nodeId)
        .setServiceId(serviceId)
        .setTaskName(taskName)
        .build();
  }
}
