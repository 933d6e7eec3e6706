package dev.skein.manager.schedule;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Finds a node for every task that waits for one, or tells in the task's status how many nodes
/// each filter refused. Tasks of one revision of a service are placed together: the nodes are
/// filtered once for all of them, and each task then costs a step in a heap.
public final class SchedulePlanner implements Planner {
  private static final Comparator<NodeUse.Group> GROUP_ORDER =
      Comparator.comparing(NodeUse.Group::serviceId).thenComparingLong(NodeUse.Group::specVersion);

  private final Occupancy occupancy = new Occupancy();

  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    occupancy.moveTo(state, dirty);
    var round = new Round(state, now);
    groups(state, dirty).forEach(round::place);
    // The placements are only planned. When they are committed, the next state will say so.
    round.placements.forEach(
        placement -> occupancy.giveBack(placement.node.getId(), placement.task));
    return round.plan.build();
  }

  /// Those that are new to wait; and all that wait when some node may have become fit for them.
  private SortedMap<NodeUse.Group, List<Task>> groups(ClusterState state, Dirty dirty) {
    var all = dirty.everything() || !dirty.nodes().isEmpty() || occupancy.roomMade();
    var groups = new TreeMap<NodeUse.Group, List<Task>>(GROUP_ORDER);
    for (var id : all ? occupancy.waiting() : waitingOf(dirty)) {
      var task = state.task(id);
      if (task != null) {
        groups.computeIfAbsent(Occupancy.group(task), group -> new ArrayList<>()).add(task);
      }
    }
    groups.values().forEach(tasks -> tasks.sort(Comparator.comparingInt(Task::getSlot)));
    return groups;
  }

  private SortedSet<String> waitingOf(Dirty dirty) {
    var waiting = new TreeSet<String>();
    for (var id : dirty.tasks()) {
      if (occupancy.waiting().contains(id)) {
        waiting.add(id);
      }
    }
    return waiting;
  }

  private record Placement(Task task, Node node) {}

  private final class Round {
    private final ClusterState state;
    private final Instant now;
    private final Plan.Builder plan = Plan.builder();
    private final List<Placement> placements = new ArrayList<>();

    Round(ClusterState state, Instant now) {
      this.state = state;
      this.now = now;
    }

    void place(NodeUse.Group group, List<Task> tasks) {
      var requirements = occupancy.requirementsOf(tasks.getFirst(), state);
      var bound = tasks.stream().filter(task -> !task.getNodeId().isEmpty()).toList();
      var free = tasks.stream().filter(task -> task.getNodeId().isEmpty()).toList();
      for (var task : bound) {
        placeOnItsNode(task, requirements);
      }
      if (!free.isEmpty()) {
        placeAnywhere(group, free, requirements);
      }
    }

    /// A global service's task has its node from the start, and waits until there is room.
    private void placeOnItsNode(Task task, Requirements requirements) {
      var refusals = new Refusals(requirements.runtime());
      var node = state.node(task.getNodeId());
      var refusal = node == null ? Refusal.NOT_READY : requirements.refusalOf(node);
      if (node != null && refusal == null) {
        refusal = occupancy.of(node.getId()).refusalOf(node, task.getServiceId(), requirements);
      }
      if (node != null && refusal == null) {
        assign(task, node);
      } else if (refusal != null) {
        refusals.add(refusal);
        explain(task, refusals.text());
      }
    }

    private void placeAnywhere(NodeUse.Group group, List<Task> tasks, Requirements requirements) {
      var refusals = new Refusals(requirements.runtime());
      var candidates =
          new SpreadTree(
              requirements.spreadOver(),
              Defaults.placementStrategy(requirements.placement(), state.cluster()));
      for (var node : state.nodes().values()) {
        var refusal = requirements.refusalOf(node);
        if (refusal == null) {
          var use = occupancy.of(node.getId());
          candidates.add(
              new SpreadTree.Candidate(
                  node,
                  use.failuresOf(group, now),
                  use.tasksOf(group.serviceId()),
                  use.taskCount(),
                  use.loadWith(node, requirements)));
        } else {
          refusals.add(refusal);
        }
      }
      for (var task : tasks) {
        var node = candidates.take(each -> hasRoom(each, group, requirements, refusals));
        if (node == null) {
          explain(task, refusals.text());
        } else {
          assign(task, node);
        }
      }
    }

    private boolean hasRoom(
        Node node, NodeUse.Group group, Requirements requirements, Refusals refusals) {
      var refusal = occupancy.of(node.getId()).refusalOf(node, group.serviceId(), requirements);
      if (refusal != null) {
        refusals.add(refusal);
      }
      return refusal == null;
    }

    private void assign(Task task, Node node) {
      var claimed = occupancy.of(node.getId()).claim(node, occupancy.requirementsOf(task, state));
      var assigned = task.toBuilder().addAllGenericResources(claimed).build();
      occupancy.take(node.getId(), assigned);
      placements.add(new Placement(assigned, node));
      plan.update(
          assigned.toBuilder()
              .setNodeId(node.getId())
              .setStatus(
                  TaskStatus.newBuilder()
                      .setTimestamp(Times.timestamp(now))
                      .setState(TaskState.TASK_STATE_ASSIGNED)
                      .setMessage("scheduler assigned task to node"))
              .build());
    }

    private void explain(Task task, String reason) {
      if (!task.getStatus().getErr().equals(reason)) {
        plan.observe(
            task,
            TaskStatus.newBuilder()
                .setTimestamp(Times.timestamp(now))
                .setState(TaskState.TASK_STATE_PENDING)
                .setMessage("pending task scheduling")
                .setErr(reason)
                .build());
      }
    }
  }
}
