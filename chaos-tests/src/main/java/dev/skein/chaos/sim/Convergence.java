package dev.skein.chaos.sim;

import dev.skein.manager.autoscale.AutoscaleCore;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.RestartCondition;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateState;
import dev.skein.state.Defaults;
import dev.skein.state.TaskStates;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Whether the cluster is as its users want it, down to the processes.
final class Convergence {
  private final SimulatedCluster cluster;

  Convergence(SimulatedCluster cluster) {
    this.cluster = cluster;
  }

  /// What is not yet as it should be; null when all is.
  @Nullable String whyNot() {
    for (var node : cluster.state().nodes().values()) {
      if (node.getStatus().getState() != NodeState.NODE_STATE_READY
          && cluster.worker(node.getId()).isUp()) {
        return "node " + node.getId() + " is " + node.getStatus().getState();
      }
    }
    for (var service : cluster.state().services().values()) {
      var reason = whyNot(service);
      if (reason != null) {
        return "service " + service.getSpec().getName() + ": " + reason;
      }
    }
    return processes();
  }

  private @Nullable String whyNot(Service service) {
    if (service.getPendingDelete()) {
      return "is still being removed";
    }
    var scaling = whyNotScaled(service);
    if (scaling != null) {
      return scaling;
    }
    var revisions = new ServiceRevisions(service);
    var waitsForANode = false;
    for (var task : cluster.state().tasksOfService(service.getId())) {
      var reason = whyNot(task, service, revisions);
      if (reason != null) {
        return "task " + task.getId() + " of " + Slot.of(task) + " " + reason;
      }
      waitsForANode |= TaskStates.wantsToRun(task) && isExplained(task);
    }
    var state = service.getUpdateStatus().getState();
    var underWay =
        state == UpdateState.UPDATE_STATE_UPDATING
            || state == UpdateState.UPDATE_STATE_ROLLBACK_STARTED;
    return underWay && !waitsForANode ? "is " + state : null;
  }

  /// A service that is scaled by itself has as many replicas as its clients need.
  private @Nullable String whyNotScaled(Service service) {
    if (!AutoscaleCore.isScaled(service)) {
      return null;
    }
    var bounds = service.getSpec().getAutoscale();
    var needed = cluster.load().of(service.getId()) / SimulatedUser.AUTOSCALE_TARGET;
    var wanted = Math.clamp(needed, Defaults.autoscaleMin(bounds), bounds.getMax());
    var replicas = Defaults.replicas(service.getSpec());
    return replicas == wanted ? null : "has %d replicas, not %d".formatted(replicas, wanted);
  }

  private @Nullable String whyNot(Task task, Service service, ServiceRevisions revisions) {
    var status = task.getStatus().getState();
    if (Slot.of(task).isOfGlobalService() && Lineage.isLost(task, cluster.state())) {
      // It waits for its node to come back.
      return null;
    }
    if (SimulatedUser.fails(revisions.of(task).getTask())) {
      // An old revision that fails again and again, and that an update cannot replace for want of
      // room.
      return null;
    }
    if (!TaskStates.wantsToRun(task)) {
      return TaskStates.isTerminal(status) || Lineage.isLost(task, cluster.state())
          ? null
          : "is not wanted but " + status;
    }
    if (TaskStates.isTerminal(status)) {
      return mayStayEnded(revisions, task) || (Jobs.isJob(service) && Jobs.isComplete(task))
          ? null
          : "ended " + status + " and is not replaced";
    }
    if (Lineage.wasNeverAssigned(task)) {
      if (!isExplained(task)) {
        return "is " + status + " without a reason";
      }
      return mayHaveToWait(service) ? null : "waits though it asks for nothing special";
    }
    if (status != TaskState.TASK_STATE_RUNNING || Jobs.isJob(service)) {
      return "is " + status + ", desired " + task.getDesiredState();
    }
    return revisions.isUpToDate(task, cluster.state().node(task.getNodeId()))
            || mayHaveToWait(service)
            || isSucceededByOneThatStaysEnded(task, revisions)
        ? null
        : "runs an old revision";
  }

  /// An update that tolerates failures leaves the old task where its policy does not let the new
  /// one be tried again.
  private boolean isSucceededByOneThatStaysEnded(Task task, ServiceRevisions revisions) {
    var last = Lineage.of(cluster.state(), Slot.of(task)).filling().getLast();
    return !last.getId().equals(task.getId())
        && TaskStates.isTerminal(last.getStatus().getState())
        && mayStayEnded(revisions, last);
  }

  private static boolean isExplained(Task task) {
    return Lineage.wasNeverAssigned(task) && !task.getStatus().getErr().isEmpty();
  }

  private static boolean mayStayEnded(ServiceRevisions revisions, Task task) {
    var policy = revisions.of(task).getTask().getRestartPolicy();
    return policy.getMaxAttempts() > 0
        || Defaults.restartCondition(policy) != RestartCondition.RESTART_CONDITION_ANY;
  }

  private static boolean mayHaveToWait(Service service) {
    var task = service.getSpec().getTaskTemplate();
    return task.getPlacement().getConstraintsCount() > 0
        || task.getPlacement().getMaxReplicas() > 0
        || task.getResources().hasReservations()
        || service.getSpec().getEndpointSpec().getPortsCount() > 0;
  }

  /// The tasks that the managers hold for running have a process, each on its own node; besides
  /// them only those have one that are starting, as the unhealthy do for ever.
  private @Nullable String processes() {
    for (var worker : cluster.workers().values()) {
      var expected = new TreeSet<String>();
      var starting = new TreeSet<String>();
      for (var task : cluster.state().tasksOfNode(worker.id())) {
        var state = task.getStatus().getState();
        if (Lineage.isLost(task, cluster.state())) {
          continue;
        }
        if (state == TaskState.TASK_STATE_RUNNING) {
          expected.add(task.getId());
        } else if (state == TaskState.TASK_STATE_STARTING) {
          starting.add(task.getId());
        }
      }
      var others = new TreeSet<>(worker.running());
      others.removeAll(starting);
      if (!expected.equals(others)) {
        return "node %s runs %s, not %s".formatted(worker.id(), worker.running(), expected);
      }
    }
    return null;
  }
}
