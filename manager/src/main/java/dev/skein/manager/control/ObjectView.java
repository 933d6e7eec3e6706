package dev.skein.manager.control;

import dev.skein.manager.cron.CronSchedule;
import dev.skein.manager.plan.Jobs;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ManagerStatus;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Reachability;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceStatus;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskDetail;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Mode;
import dev.skein.state.Revisions;
import dev.skein.state.Times;
import dev.skein.state.ratis.PeerStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Objects as readers see them: what is never stored is filled in, what is secret is left out.
/// Made for one request.
final class ObjectView {
  private final ClusterState state;
  private final Map<String, PeerStatus> peers = new HashMap<>();

  ObjectView(ClusterState state, List<PeerStatus> peers) {
    this.state = state;
    for (var peer : peers) {
      this.peers.put(peer.member().id(), peer);
    }
  }

  /// With the manager's leadership and reachability as the leader sees them.
  Node node(Node node) {
    if (!node.hasManagerStatus()) {
      return node;
    }
    var peer = peers.get(node.getManagerStatus().getRaftId());
    return node.toBuilder()
        .setManagerStatus(
            node.getManagerStatus().toBuilder()
                .setLeader(peer != null && peer.leader())
                .setReachability(reachability(node.getManagerStatus())))
        .build();
  }

  private Reachability reachability(ManagerStatus status) {
    var peer = peers.get(status.getRaftId());
    var reachable = peer == null ? null : peer.reachable();
    if (reachable == null) {
      return Reachability.REACHABILITY_UNKNOWN;
    }
    return reachable ? Reachability.REACHABILITY_REACHABLE : Reachability.REACHABILITY_UNREACHABLE;
  }

  /// With when a scheduled job runs next.
  static Service service(Service service) {
    var next = Jobs.isScheduled(service) ? CronSchedule.nextOf(service) : null;
    if (next == null) {
      return service;
    }
    var shown = service.toBuilder();
    shown.getJobStatusBuilder().setNextExecution(Times.timestamp(next));
    return shown.build();
  }

  /// With the desired state as Docker shows it: what a job's task that shall run is to come to is
  /// completion.
  static Task task(Task task) {
    var shown = desired(task);
    return shown == task.getDesiredState() ? task : task.toBuilder().setDesiredState(shown).build();
  }

  static TaskState desired(Task task) {
    return task.hasJobIteration() && task.getDesiredState() == TaskState.TASK_STATE_RUNNING
        ? TaskState.TASK_STATE_COMPLETE
        : task.getDesiredState();
  }

  /// Without the root's private key.
  static Cluster cluster(Cluster cluster) {
    return cluster.hasRootCa()
        ? cluster.toBuilder().setRootCa(cluster.getRootCa().toBuilder().clearKey()).build()
        : cluster;
  }

  /// What the task runs. When its service no longer has that revision, the present one stands in.
  TaskDetail detail(Task task) {
    var service = state.service(task.getServiceId());
    if (service == null) {
      return TaskDetail.getDefaultInstance();
    }
    var revision = Revisions.find(service, task.getSpecVersion());
    return TaskDetail.newBuilder()
        .setServiceName(service.getSpec().getName())
        .setSpec(revision == null ? service.getSpec().getTaskTemplate() : revision.getTask())
        .build();
  }

  /// Counts as Docker does: running tasks by what they are, but for those on a node that is down,
  /// of which nobody knows whether they run; desired ones of a global service by what they should
  /// be, of a replicated job as many as may run at once; of jobs the tasks of the iterations that
  /// go on, and those that completed of the present one.
  ServiceStatus status(Service service) {
    var running = 0;
    var completed = 0;
    var desired = 0;
    for (var task : state.tasksOfService(service.getId())) {
      var present = Jobs.isPresent(service, task);
      if (!present && !Jobs.goesOn(service, task)) {
        continue;
      }
      var observed = task.getStatus().getState();
      if (observed == TaskState.TASK_STATE_RUNNING && !isOnLostNode(task)) {
        running++;
      } else if (present && observed == TaskState.TASK_STATE_COMPLETE) {
        completed++;
      }
      if (task.getDesiredState() == TaskState.TASK_STATE_RUNNING
          && !(Jobs.isJob(service) && Jobs.isComplete(task))) {
        desired++;
      }
    }
    return ServiceStatus.newBuilder()
        .setRunningTasks(running)
        .setCompletedTasks(completed)
        .setDesiredTasks(
            switch (Mode.of(service.getSpec())) {
              case REPLICATED -> Defaults.replicas(service.getSpec());
              case REPLICATED_JOB -> Defaults.maxConcurrent(service.getSpec());
              case GLOBAL, GLOBAL_JOB -> desired;
            })
        .build();
  }

  private boolean isOnLostNode(Task task) {
    var node = state.node(task.getNodeId());
    return node == null || node.getStatus().getState() == NodeState.NODE_STATE_DOWN;
  }

  /// A task's name as Docker writes it: `web.1`, or for a global service `agent.NODE`; both with
  /// the task's id behind.
  static String taskName(String serviceName, Task task) {
    var place = task.getSlot() == 0 ? task.getNodeId() : Integer.toString(task.getSlot());
    return serviceName + "." + place + "." + task.getId();
  }
}
