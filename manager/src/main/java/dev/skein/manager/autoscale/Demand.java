package dev.skein.manager.autoscale;

import dev.skein.manager.stats.StatsView;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStats;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Revisions;
import dev.skein.state.TaskStates;
import java.util.Map;

/// What is asked of a service now, as far as it was measured.
///
/// @param running replicas that run
/// @param measured those of them whose CPU is known
/// @param cpu per cent of CPU that these use together, each in terms of what one replica is given
/// @param connections open through all meshes, those that wait included
/// @param connectionsPerSecond taken by all meshes
/// @param waiting whether a client waits for a first replica
/// @param complete whether every ready node's mesh is in these numbers
record Demand(
    int running,
    int measured,
    double cpu,
    double connections,
    double connectionsPerSecond,
    boolean waiting,
    boolean complete) {
  private static final long ONE_CPU = 1_000_000_000;

  /// @param fresh what is known of nodes, by id
  /// @param wanted whether some mesh said that a client waits for the service
  static Demand of(
      ClusterState state, Service service, Map<String, NodeStats> fresh, boolean wanted) {
    var running = 0;
    var measured = 0;
    var cpu = 0.0;
    for (var task : state.tasksOfService(service.getId())) {
      if (task.getStatus().getState() != TaskState.TASK_STATE_RUNNING
          || !TaskStates.wantsToRun(task)) {
        continue;
      }
      running++;
      var nanoCpus = nanoCpus(task, fresh);
      if (nanoCpus >= 0) {
        measured++;
        cpu += 100.0 * nanoCpus / given(service, task);
      }
    }
    var traffic = StatsView.traffic(service.getId(), fresh);
    return new Demand(
        running,
        measured,
        cpu,
        traffic == null ? 0 : traffic.getOpen(),
        traffic == null ? 0 : traffic.getConnectionsPerSecond(),
        wanted || (traffic != null && traffic.getWaiting() > 0),
        isComplete(state, fresh));
  }

  private static long nanoCpus(Task task, Map<String, NodeStats> fresh) {
    var stats = fresh.get(task.getNodeId());
    if (stats != null) {
      for (var each : stats.getTasksList()) {
        if (each.getTaskId().equals(task.getId())) {
          return each.getNanoCpus();
        }
      }
    }
    return -1;
  }

  /// What one replica may count on: its reservation, else its limit, else one CPU.
  private static long given(Service service, Task task) {
    var revision = Revisions.find(service, task.getSpecVersion());
    var resources =
        (revision == null ? Revisions.current(service) : revision).getTask().getResources();
    if (resources.getReservations().getNanoCpus() > 0) {
      return resources.getReservations().getNanoCpus();
    }
    return resources.getLimits().getNanoCpus() > 0 ? resources.getLimits().getNanoCpus() : ONE_CPU;
  }

  private static boolean isComplete(ClusterState state, Map<String, NodeStats> fresh) {
    for (var node : state.nodes().values()) {
      if (node.getStatus().getState() == NodeState.NODE_STATE_READY
          && !fresh.containsKey(node.getId())) {
        return false;
      }
    }
    return true;
  }

  /// Whether anybody uses the service, or wants to.
  boolean isUsed() {
    return waiting || connections > 0 || connectionsPerSecond > 0;
  }
}
