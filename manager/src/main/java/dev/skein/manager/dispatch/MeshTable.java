package dev.skein.manager.dispatch;

import dev.skein.proto.v1.HealthState;
import dev.skein.proto.v1.MeshEndpoint;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.MeshUpdate;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.ObjectChange;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The routing mesh's table: for each service that publishes ports in ingress mode, its endpoints.
///
/// An endpoint is ready when its task is RUNNING, wanted, not unhealthy, and its node is not down;
/// it is draining when it is RUNNING and not wanted or unhealthy; otherwise it is not in the table.
/// All of it follows from the replicated state, so a new leader's table is the old one's. Not
/// thread-safe.
final class MeshTable {

  /// A broadcast is followed by a pause of so many nanoseconds per endpoint and session: a service
  /// of 10,000 replicas that starts on 1,000 nodes would otherwise be sent whole at every commit.
  /// For three replicas on five nodes it is 3 microseconds.
  static final long PACE_NANOS = 200;

  private final TreeMap<String, MeshService> services = new TreeMap<>();
  private final Set<String> dirty = new TreeSet<>();
  private final Set<String> unsent = new TreeSet<>();
  private Instant quietUntil = Instant.EPOCH;

  MeshTable(ClusterState state) {
    reset(state);
  }

  /// Begins again from a state; whatever differs is to be sent.
  void reset(ClusterState state) {
    dirty.addAll(services.keySet());
    state.services().keys().forEach(dirty::add);
    refresh(state);
  }

  /// Marks what a commit may have changed.
  void committed(Commit commit) {
    for (var change : commit.changes()) {
      switch (change) {
        case ObjectChange.OfService service -> dirty.add(service.id());
        case ObjectChange.OfTask task -> {
          if (isVisible(task.before()) || isVisible(task.after())) {
            var either = task.after() == null ? task.before() : task.after();
            if (either != null) {
              dirty.add(either.getServiceId());
            }
          }
        }
        case ObjectChange.OfNode node -> {
          if (!reach(node.before()).equals(reach(node.after()))) {
            for (var task : commit.after().tasksOfNode(node.id())) {
              if (isVisible(task)) {
                dirty.add(task.getServiceId());
              }
            }
          }
        }
        case ObjectChange.OfCluster ignored -> {}
      }
    }
    refresh(commit.after());
  }

  private static boolean isVisible(@Nullable Task task) {
    return task != null && task.getStatus().getState() == TaskState.TASK_STATE_RUNNING;
  }

  /// Its node has given it up and is stopping it.
  private static boolean isUnhealthy(Task task) {
    return task.getStatus().getHealth().getStatus() == HealthState.HEALTH_STATE_UNHEALTHY;
  }

  /// How a node is reached; "" when it is not.
  private static String reach(dev.skein.proto.v1.@Nullable Node node) {
    return node == null || node.getStatus().getState() == NodeState.NODE_STATE_DOWN
        ? ""
        : node.getStatus().getAddr();
  }

  private void refresh(ClusterState state) {
    for (var id : dirty) {
      var service = state.service(id);
      var next = service == null ? null : service(state, service);
      var before = next == null ? services.remove(id) : services.put(id, next);
      if (next == null ? before != null : !next.equals(before)) {
        unsent.add(id);
      }
    }
    dirty.clear();
  }

  private static @Nullable MeshService service(ClusterState state, Service service) {
    var mesh = MeshService.newBuilder().setServiceId(service.getId());
    for (var port : service.getEndpoint().getPortsList()) {
      if (port.getPublishMode() != PublishMode.PUBLISH_MODE_HOST && port.getPublishedPort() != 0) {
        mesh.addPorts(port);
      }
    }
    if (mesh.getPortsCount() == 0) {
      return null;
    }
    mesh.setServiceName(service.getSpec().getName());
    if (Defaults.scalesToZero(service.getSpec())) {
      mesh.setHoldTime(Times.proto(Defaults.AUTOSCALE_HOLD));
    }
    for (var task : state.tasksOfService(service.getId())) {
      if (!isVisible(task)) {
        continue;
      }
      var address = reach(state.node(task.getNodeId()));
      if (!address.isEmpty()) {
        mesh.addEndpoints(
            MeshEndpoint.newBuilder()
                .setTaskId(task.getId())
                .setAddr(address)
                .addAllPorts(task.getStatus().getPortsList())
                .setDraining(!TaskStates.wantsToRun(task) || isUnhealthy(task)));
      }
    }
    return mesh.build();
  }

  /// Whether the task is an endpoint, ready or draining.
  boolean contains(ClusterState state, Task task) {
    return isVisible(task)
        && services.containsKey(task.getServiceId())
        && !reach(state.node(task.getNodeId())).isEmpty();
  }

  /// The whole table, for a new session.
  MeshUpdate complete() {
    return MeshUpdate.newBuilder().setComplete(true).addAllServices(services.values()).build();
  }

  /// What has changed since the last broadcast, or null when nothing is to be sent now.
  @Nullable MeshUpdate changed(int sessions, Instant now) {
    if (unsent.isEmpty() || now.isBefore(quietUntil)) {
      return null;
    }
    var update = MeshUpdate.newBuilder();
    var endpoints = 0L;
    for (var id : unsent) {
      var service = services.get(id);
      if (service == null) {
        update.addRemoved(id);
      } else {
        update.addServices(service);
        endpoints += service.getEndpointsCount();
      }
    }
    unsent.clear();
    quietUntil = now.plus(Duration.ofNanos(endpoints * sessions * PACE_NANOS));
    return update.build();
  }

  /// When the next broadcast is due, or null.
  @Nullable Instant wakeAt() {
    return unsent.isEmpty() ? null : quietUntil;
  }

  /// The table by service id; for tests.
  Map<String, MeshService> services() {
    return services;
  }

  /// Ids of the services whose change was not broadcast yet; for tests.
  Set<String> unsent() {
    return new HashSet<>(unsent);
  }
}
