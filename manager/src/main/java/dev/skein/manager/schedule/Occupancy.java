package dev.skein.manager.schedule;

import dev.skein.manager.plan.Dirty;
import dev.skein.proto.v1.SpecRevision;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Revisions;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What all tasks take of their nodes, and which tasks wait for one: derived from a state, and
/// carried on to the next by the tasks that differ. Owned by the planning thread.
final class Occupancy {
  private ClusterState state = ClusterState.empty();
  private final Map<String, NodeUse> nodes = new HashMap<>();
  private final SortedSet<String> waiting = new TreeSet<>();
  private final Map<NodeUse.Group, Requirements> requirements = new HashMap<>();
  private boolean roomMade;

  /// Moves on to another state.
  ///
  /// @param dirty holds every task that differs between the last state and this one
  void moveTo(ClusterState next, Dirty dirty) {
    roomMade = dirty.everything();
    if (dirty.everything()) {
      state = ClusterState.empty();
      nodes.clear();
      waiting.clear();
      requirements.clear();
    }
    var before = state;
    for (var id : dirty.tasks()) {
      var old = before.task(id);
      var task = next.task(id);
      if (old != null) {
        account(old, before, -1);
      }
      if (task != null) {
        account(task, next, 1);
      }
      roomMade |= old != null && gaveBack(old, task);
    }
    for (var id : dirty.services()) {
      if (next.service(id) == null) {
        requirements.keySet().removeIf(group -> group.serviceId().equals(id));
      }
    }
    state = next;
  }

  /// Takes in one node's tasks only, for a look at a few nodes of a state.
  void load(ClusterState at, String nodeId) {
    state = at;
    for (var task : at.tasksOfNode(nodeId)) {
      account(task, at, 1);
    }
  }

  /// Whether the last move gave room on some node back.
  boolean roomMade() {
    return roomMade;
  }

  /// Ids of the tasks that wait for a node, in order.
  SortedSet<String> waiting() {
    return waiting;
  }

  NodeUse of(String nodeId) {
    return nodes.computeIfAbsent(nodeId, id -> new NodeUse());
  }

  /// Takes room for a task on a node, as if it were assigned; [#giveBack] takes that back.
  void take(String nodeId, Task task) {
    of(nodeId).reserve(requirementsOf(task, state), task.getGenericResourcesList(), 1);
    of(nodeId).count(task.getServiceId(), 1);
  }

  void giveBack(String nodeId, Task task) {
    of(nodeId).reserve(requirementsOf(task, state), task.getGenericResourcesList(), -1);
    of(nodeId).count(task.getServiceId(), -1);
  }

  static boolean isWaiting(Task task) {
    return task.getStatus().getState() == TaskState.TASK_STATE_PENDING
        && TaskStates.wantsToRun(task);
  }

  private static boolean reserves(Task task) {
    var status = task.getStatus().getState();
    return !TaskStates.isBefore(status, TaskState.TASK_STATE_ASSIGNED)
        && !TaskStates.isTerminal(status);
  }

  /// A task that stops still has what it reserved, but is no copy any more.
  private static boolean counts(Task task) {
    return reserves(task) && TaskStates.wantsToRun(task);
  }

  private static boolean gaveBack(Task before, @Nullable Task after) {
    var reservation = reserves(before) && (after == null || !reserves(after));
    var copy = counts(before) && (after == null || !counts(after));
    return reservation || copy;
  }

  private void account(Task task, ClusterState at, int sign) {
    if (isWaiting(task)) {
      if (sign > 0) {
        waiting.add(task.getId());
      } else {
        waiting.remove(task.getId());
      }
    }
    if (task.getNodeId().isEmpty()) {
      return;
    }
    var use = of(task.getNodeId());
    if (reserves(task)) {
      use.reserve(requirementsOf(task, at), task.getGenericResourcesList(), sign);
    }
    if (counts(task)) {
      use.count(task.getServiceId(), sign);
    }
    if (isFailed(task)) {
      if (sign > 0) {
        use.addFailure(group(task), task.getId(), Times.instant(task.getUpdatedAt()));
      } else {
        use.removeFailure(group(task), task.getId());
      }
    }
  }

  private static boolean isFailed(Task task) {
    var status = task.getStatus().getState();
    return status == TaskState.TASK_STATE_FAILED || status == TaskState.TASK_STATE_REJECTED;
  }

  static NodeUse.Group group(Task task) {
    return new NodeUse.Group(task.getServiceId(), task.getSpecVersion());
  }

  /// Kept from the task's first sight on, so that what it took is what it gives back.
  Requirements requirementsOf(Task task, ClusterState at) {
    return requirements.computeIfAbsent(group(task), group -> Requirements.of(revision(group, at)));
  }

  private static SpecRevision revision(NodeUse.Group group, ClusterState at) {
    var service = at.service(group.serviceId());
    @Nullable SpecRevision found =
        service == null ? null : Revisions.find(service, group.specVersion());
    if (found != null) {
      return found;
    }
    return service == null ? SpecRevision.getDefaultInstance() : Revisions.current(service);
  }
}
