package dev.skein.manager.stats;

import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeSample;
import dev.skein.proto.v1.NodeStats;
import dev.skein.proto.v1.Resources;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSample;
import dev.skein.proto.v1.ServiceTraffic;
import dev.skein.proto.v1.StatsResponse;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSample;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStats;
import dev.skein.state.ClusterState;
import dev.skein.state.Revisions;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// What a cluster is and what it uses, put together for users. Pure; lives for one answer.
public final class StatsView {
  private final ClusterState state;
  private final Map<String, NodeStats> fresh;
  private final BiFunction<String, Task, String> taskName;
  private final Map<String, TaskStats> tasks = new HashMap<>();
  private final StatsResponse.Builder response = StatsResponse.newBuilder();

  /// @param fresh what is known of nodes, by id
  /// @param taskName what users call a task, from its service's name and itself
  public StatsView(
      ClusterState state, Map<String, NodeStats> fresh, BiFunction<String, Task, String> taskName) {
    this.state = state;
    this.fresh = fresh;
    this.taskName = taskName;
    fresh.forEach(
        (nodeId, stats) -> {
          for (var task : stats.getTasksList()) {
            var known = state.task(task.getTaskId());
            // A node can only tell of its own tasks.
            if (known != null && known.getNodeId().equals(nodeId)) {
              tasks.put(task.getTaskId(), task);
            }
          }
        });
  }

  /// All nodes and services, without tasks.
  public StatsResponse ofCluster() {
    state.nodes().values().forEach(this::add);
    state.services().values().forEach(this::add);
    return response.build();
  }

  /// A node with its tasks.
  public StatsResponse of(Node node) {
    add(node);
    state.tasksOfNode(node.getId()).forEach(this::add);
    return response.build();
  }

  /// A service with its tasks.
  public StatsResponse of(Service service) {
    add(service);
    state.tasksOfService(service.getId()).forEach(this::add);
    return response.build();
  }

  private void add(Node node) {
    var sample =
        NodeSample.newBuilder()
            .setNodeId(node.getId())
            .setHostname(node.getDescription().getHostname())
            .setCapacity(node.getDescription().getResources());
    for (var task : state.tasksOfNode(node.getId())) {
      sample.setRunningTasks(sample.getRunningTasks() + (isRunning(task) ? 1 : 0));
    }
    var stats = fresh.get(node.getId());
    if (stats != null) {
      sample.setUsage(stats.getNode());
    }
    response.addNodes(sample);
  }

  private void add(Service service) {
    var sample =
        ServiceSample.newBuilder()
            .setServiceId(service.getId())
            .setName(service.getSpec().getName());
    for (var task : state.tasksOfService(service.getId())) {
      if (isRunning(task)) {
        sample.setRunningTasks(sample.getRunningTasks() + 1);
        var usage = tasks.get(task.getId());
        if (usage != null) {
          sample
              .setNanoCpus(sample.getNanoCpus() + usage.getNanoCpus())
              .setMemoryBytes(sample.getMemoryBytes() + usage.getMemoryBytes());
        }
      }
    }
    var traffic = traffic(service.getId(), fresh);
    if (traffic != null) {
      sample.setTraffic(traffic);
    }
    response.addServices(sample);
  }

  private void add(Task task) {
    if (!isRunning(task)) {
      return;
    }
    var service = state.service(task.getServiceId());
    var node = state.node(task.getNodeId());
    if (service == null || node == null) {
      return;
    }
    var sample =
        TaskSample.newBuilder()
            .setTaskId(task.getId())
            .setName(taskName.apply(service.getSpec().getName(), task))
            .setNodeId(node.getId())
            .setHostname(node.getDescription().getHostname())
            .setCapacity(capacity(service, task, node));
    var usage = tasks.get(task.getId());
    if (usage != null) {
      sample.setUsage(usage);
    }
    response.addTasks(sample);
  }

  private static Resources capacity(Service service, Task task, Node node) {
    var revision = Revisions.find(service, task.getSpecVersion());
    var limits =
        (revision == null ? Revisions.current(service) : revision)
            .getTask()
            .getResources()
            .getLimits();
    var capacity = node.getDescription().getResources().toBuilder();
    if (limits.getNanoCpus() > 0) {
      capacity.setNanoCpus(limits.getNanoCpus());
    }
    if (limits.getMemoryBytes() > 0) {
      capacity.setMemoryBytes(limits.getMemoryBytes());
    }
    return capacity.build();
  }

  private static boolean isRunning(Task task) {
    return task.getStatus().getState() == TaskState.TASK_STATE_RUNNING;
  }

  /// What all nodes' meshes say of a service together; null when none says anything.
  public static @Nullable ServiceTraffic traffic(String serviceId, Map<String, NodeStats> fresh) {
    ServiceTraffic.Builder sum = null;
    for (var stats : fresh.values()) {
      for (var traffic : stats.getServicesList()) {
        if (traffic.getServiceId().equals(serviceId)) {
          sum = sum == null ? ServiceTraffic.newBuilder().setServiceId(serviceId) : sum;
          sum.setOpen(sum.getOpen() + traffic.getOpen())
              .setWaiting(sum.getWaiting() + traffic.getWaiting())
              .setConnectionsPerSecond(
                  sum.getConnectionsPerSecond() + traffic.getConnectionsPerSecond())
              .setReceivedBytesPerSecond(
                  sum.getReceivedBytesPerSecond() + traffic.getReceivedBytesPerSecond())
              .setSentBytesPerSecond(sum.getSentBytesPerSecond() + traffic.getSentBytesPerSecond());
        }
      }
    }
    return sum == null ? null : sum.build();
  }
}
