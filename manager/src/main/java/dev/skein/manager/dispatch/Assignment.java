package dev.skein.manager.dispatch;

import dev.skein.manager.template.TaskTemplates;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.ObjectChange;
import dev.skein.state.Revisions;
import dev.skein.state.TaskStates;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a node is told of a task. Pure functions of the replicated state.
final class Assignment {

  private Assignment() {}

  /// Whether the task is its node's business: the scheduler has decided.
  static boolean isAssigned(Task task) {
    return !task.getNodeId().isEmpty()
        && !TaskStates.isBefore(task.getStatus().getState(), TaskState.TASK_STATE_ASSIGNED);
  }

  /// What the task's node has to hear of a change, or null when it is nothing.
  static @Nullable AssignedTask update(ClusterState state, ObjectChange.OfTask change) {
    var before = change.before();
    var after = change.after();
    if (after == null || !isAssigned(after)) {
      return null;
    }
    if (before == null || !isAssigned(before)) {
      return full(state, after);
    }
    var desiredMoved = before.getDesiredState() != after.getDesiredState();
    var orphaned =
        before.getStatus().getState() != after.getStatus().getState()
            && after.getStatus().getState() == TaskState.TASK_STATE_ORPHANED;
    return desiredMoved || orphaned ? AssignedTask.newBuilder().setTask(after).build() : null;
  }

  /// The task with all that its node needs to run it. Ended tasks come without a spec: their nodes
  /// only keep what is left of them.
  static AssignedTask full(ClusterState state, Task task) {
    var assigned = AssignedTask.newBuilder().setTask(task);
    var service = state.service(task.getServiceId());
    if (service == null || TaskStates.isTerminal(task.getStatus().getState())) {
      return assigned.build();
    }
    assigned.setServiceName(service.getSpec().getName());
    if (Revisions.isCurrent(service, task)) {
      assigned.setSpec(expanded(state, service, task, service.getSpec().getTaskTemplate()));
    } else {
      var revision = Revisions.find(service, task.getSpecVersion());
      if (revision != null) {
        assigned.setSpec(expanded(state, service, task, revision.getTask()));
      }
    }
    return assigned.addAllPorts(ports(state, task)).build();
  }

  private static TaskSpec expanded(ClusterState state, Service service, Task task, TaskSpec spec) {
    var node = state.node(task.getNodeId());
    return TaskTemplates.expanded(
        spec, service, node == null ? Node.getDefaultInstance() : node, task);
  }

  /// The service's ports at the task's revision; with their published ports where the revision is
  /// the present one.
  static List<PortConfig> ports(ClusterState state, Task task) {
    var service = state.service(task.getServiceId());
    if (service == null) {
      return List.of();
    }
    if (Revisions.isCurrent(service, task)) {
      var allocated = service.getEndpoint().getPortsList();
      return allocated.isEmpty() ? service.getSpec().getEndpointSpec().getPortsList() : allocated;
    }
    var revision = Revisions.find(service, task.getSpecVersion());
    return revision == null ? List.of() : revision.getEndpoint().getPortsList();
  }
}
