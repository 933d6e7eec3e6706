package dev.skein.chaos.sim;

import com.google.errorprone.annotations.FormatMethod;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.restart.RestartPlanner;
import dev.skein.manager.schedule.HostPort;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateOrder;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.ObjectChange;
import dev.skein.state.Revisions;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What holds after every single commit, whoever made it.
final class CommitInvariants {
  /// A plan may be this much older than its commit: what changed since is no fault of the planner.
  static final Duration RACE = Duration.ofSeconds(2);

  private CommitInvariants() {}

  static void check(Commit commit) {
    for (var change : commit.changes()) {
      switch (change) {
        case ObjectChange.OfTask(var before, var after) -> {
          if (after == null) {
            if (before != null) {
              onlyWhatIsOverIsRemoved(before, commit.before());
            }
          } else {
            if (before != null) {
              statesOnlyMoveForward(before, after);
            }
            check(before, after, commit.after());
          }
        }
        case ObjectChange.OfService(var before, var after) -> {
          isScaledWithinItsBounds(before, after);
          publishedPortsAreUnique(commit.after());
          namesAreUnique(commit.after());
          if (commit.after().service(change.id()) != null) {
            commit
                .after()
                .tasksOfService(change.id())
                .forEach(t -> revisionExists(t, commit.after()));
          }
        }
        case ObjectChange.OfNode(var before, var after) -> {
          if (before != null && after == null) {
            onlyWhatIsDownIsRemoved(before);
          }
        }
        case ObjectChange.OfCluster ignored -> {}
      }
    }
  }

  private static void check(@Nullable Task before, Task task, ClusterState state) {
    revisionExists(task, state);
    slotIsFilledOnce(Slot.of(task), state);
    if (TaskStates.wantsToRun(task)
        && task.getDesiredState() == TaskState.TASK_STATE_RUNNING
        && (before == null || before.getDesiredState() != TaskState.TASK_STATE_RUNNING)) {
      startsOnlyWhenItsPredecessorsStopped(task, state);
      startsOnlyAfterItsDelay(before, task);
    }
    if (before != null && before.getNodeId().isEmpty() && !task.getNodeId().isEmpty()) {
      nodeHasRoom(task, state);
    }
    if (task.getStatus().getState() == TaskState.TASK_STATE_ASSIGNED) {
      hostPortsAreUnique(task, state);
    }
  }

  private static void statesOnlyMoveForward(Task before, Task after) {
    require(
        !TaskStates.isBefore(after.getStatus().getState(), before.getStatus().getState()),
        "task %s went from %s back to %s",
        after.getId(),
        before.getStatus().getState(),
        after.getStatus().getState());
    require(
        !TaskStates.isBefore(after.getDesiredState(), before.getDesiredState()),
        "task %s was desired %s and then %s",
        after.getId(),
        before.getDesiredState(),
        after.getDesiredState());
  }

  private static void onlyWhatIsOverIsRemoved(Task task, ClusterState before) {
    require(
        !Lineage.mayStillRun(task, before) || changedLately(task, before),
        "task %s was removed while %s and desired %s",
        task.getId(),
        task.getStatus().getState(),
        task.getDesiredState());
  }

  /// Nodes are removed by users and by themselves, but never while they are there.
  private static void onlyWhatIsDownIsRemoved(Node node) {
    require(Lineage.isDown(node), "node %s was removed while it was there", node.getId());
  }

  private static boolean changedLately(Task task, ClusterState state) {
    var node = state.node(task.getNodeId());
    var service = state.service(task.getServiceId());
    var newest =
        state.tasks().values().stream()
            .map(each -> Times.instant(each.getUpdatedAt()))
            .max(Comparator.naturalOrder())
            .orElseThrow();
    return service == null
        || Times.instant(service.getUpdatedAt()).plus(RACE).isAfter(newest)
        || (node != null && Times.instant(node.getUpdatedAt()).plus(RACE).isAfter(newest));
  }

  private static void revisionExists(Task task, ClusterState state) {
    var service = state.service(task.getServiceId());
    require(service != null, "task %s is of no service", task.getId());
    if (service != null) {
      require(
          Revisions.has(service, task),
          "task %s runs revision %d, which service %s does not have",
          task.getId(),
          task.getSpecVersion(),
          service.getSpec().getName());
    }
  }

  private static void slotIsFilledOnce(Slot slot, ClusterState state) {
    var service = state.service(slot.serviceId());
    if (service == null) {
      return;
    }
    var filling = Lineage.of(state, slot).filling();
    var isMoved = filling.stream().anyMatch(task -> !task.getMovedFrom().isEmpty());
    var most = isStartFirst(service) || isMoved ? 2 : 1;
    require(
        filling.size() <= most,
        "slot %s is filled by %d tasks: %s",
        slot,
        filling.size(),
        filling.stream().map(Task::getId).toList());
  }

  /// Whether some order in force or lately in force lets two tasks overlap.
  static boolean isStartFirst(Service service) {
    return isStartFirst(service.getSpec().getUpdateConfig())
        || isStartFirst(service.getSpec().getRollbackConfig())
        || isStartFirst(service.getPreviousSpec().getUpdateConfig());
  }

  private static boolean isStartFirst(UpdateConfig config) {
    return Defaults.updateOrder(config) == UpdateOrder.UPDATE_ORDER_START_FIRST;
  }

  private static void startsOnlyWhenItsPredecessorsStopped(Task task, ClusterState state) {
    var service = state.service(task.getServiceId());
    if (service == null || isStartFirst(service) || !task.getMovedFrom().isEmpty()) {
      return;
    }
    var waited =
        Duration.between(Times.instant(task.getCreatedAt()), Times.instant(task.getUpdatedAt()));
    if (waited.compareTo(RestartPlanner.PREDECESSOR_WAIT_MAX) >= 0) {
      return;
    }
    for (var other : Slot.of(task).tasks(state)) {
      require(
          other.getId().equals(task.getId())
              || goesOnInItsOwnRun(other, task, service)
              || !Lineage.mayStillRun(other, state)
              || changedLately(other, state),
          "task %s may start beside %s, which is %s",
          task.getId(),
          other.getId(),
          other.getStatus().getState());
    }
  }

  private static boolean goesOnInItsOwnRun(Task other, Task task, Service job) {
    return Jobs.iteration(other) != Jobs.iteration(task)
        && TaskStates.wantsToRun(other)
        && Jobs.goesOn(job, other);
  }

  private static void startsOnlyAfterItsDelay(@Nullable Task before, Task task) {
    require(
        before == null
            || !task.hasStartAfter()
            || !Times.instant(task.getUpdatedAt()).isBefore(Times.instant(task.getStartAfter())),
        "task %s may start before its delay is over",
        task.getId());
  }

  private static void nodeHasRoom(Task assigned, ClusterState state) {
    var node = state.node(assigned.getNodeId());
    if (node == null) {
      return;
    }
    var memory = 0L;
    for (var task : state.tasksOfNode(node.getId())) {
      var service = state.service(task.getServiceId());
      var revision = service == null ? null : Revisions.find(service, task.getSpecVersion());
      if (revision != null
          && !TaskStates.isTerminal(task.getStatus().getState())
          && !Lineage.wasNeverAssigned(task)) {
        memory += revision.getTask().getResources().getReservations().getMemoryBytes();
      }
    }
    require(
        memory <= node.getDescription().getResources().getMemoryBytes(),
        "node %s has %d bytes of memory reserved",
        node.getId(),
        memory);
  }

  private static void hostPortsAreUnique(Task assigned, ClusterState state) {
    var holders = new HashMap<HostPort, String>();
    for (var task : state.tasksOfNode(assigned.getNodeId())) {
      var service = state.service(task.getServiceId());
      var revision = service == null ? null : Revisions.find(service, task.getSpecVersion());
      if (revision == null
          || TaskStates.isTerminal(task.getStatus().getState())
          || Lineage.wasNeverAssigned(task)) {
        continue;
      }
      for (var port : HostPort.of(revision.getEndpoint())) {
        var holder = holders.put(port, task.getId());
        require(
            holder == null,
            "tasks %s and %s have %s on node %s",
            holder,
            task.getId(),
            port,
            task.getNodeId());
      }
    }
  }

  private static void isScaledWithinItsBounds(@Nullable Service before, @Nullable Service after) {
    if (before != null
        && after != null
        && !before.getAutoscaleStatus().equals(after.getAutoscaleStatus())) {
      var bounds = after.getSpec().getAutoscale();
      var replicas = Defaults.replicas(after.getSpec());
      require(
          replicas >= Defaults.autoscaleMin(bounds) && replicas <= bounds.getMax(),
          "service %s was scaled to %d, beyond %s",
          after.getSpec().getName(),
          replicas,
          bounds);
    }
  }

  private static void publishedPortsAreUnique(ClusterState state) {
    var holders = new HashMap<PortKey, String>();
    for (var service : state.services().values()) {
      for (var port : service.getEndpoint().getPortsList()) {
        if (port.getPublishMode() != PublishMode.PUBLISH_MODE_HOST) {
          var holder = holders.put(PortKey.of(port), service.getSpec().getName());
          require(
              holder == null,
              "services %s and %s have published port %d",
              holder,
              service.getSpec().getName(),
              port.getPublishedPort());
        }
      }
    }
  }

  private record PortKey(int protocol, int port) {
    static PortKey of(PortConfig port) {
      return new PortKey(port.getProtocolValue(), port.getPublishedPort());
    }
  }

  private static void namesAreUnique(ClusterState state) {
    var names = new HashSet<String>();
    for (var service : state.services().values()) {
      require(
          service.getPendingDelete()
              || names.add(service.getSpec().getName().toLowerCase(Locale.ROOT)),
          "two services are named %s",
          service.getSpec().getName());
    }
  }

  @FormatMethod
  static void require(boolean holds, String problem, @Nullable Object... values) {
    if (!holds) {
      throw new Violation(problem.formatted(values));
    }
  }
}
