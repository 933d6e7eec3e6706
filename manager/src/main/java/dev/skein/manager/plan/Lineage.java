package dev.skein.manager.plan;

import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The tasks of one slot, oldest first.
///
/// @param tasks all of its place, history and a job's other iterations included
/// @param iteration the slot's
public record Lineage(List<Task> tasks, long iteration) {
  /// By revision first: a slot moves on to newer ones only, whatever the clocks of different
  /// leaders said.
  private static final Comparator<Task> BY_AGE =
      (a, b) -> {
        if (a.getSpecVersion() != b.getSpecVersion()) {
          return Long.compare(a.getSpecVersion(), b.getSpecVersion());
        }
        var byTime = Times.compare(a.getCreatedAt(), b.getCreatedAt());
        return byTime != 0 ? byTime : a.getId().compareTo(b.getId());
      };

  public Lineage {
    tasks = List.copyOf(tasks);
  }

  public static Lineage of(ClusterState state, Slot slot) {
    return of(slot.tasks(state), slot.iteration());
  }

  /// Of tasks that are known already.
  ///
  /// @param tasks all of one iteration, or of a service that is no job
  public static Lineage of(List<Task> tasks) {
    return of(tasks, tasks.isEmpty() ? 0 : tasks.getFirst().getJobIteration().getIndex());
  }

  private static Lineage of(Iterable<Task> tasks, long iteration) {
    var sorted = new ArrayList<Task>();
    tasks.forEach(sorted::add);
    if (sorted.size() > 1) {
      sorted.sort(BY_AGE);
      putMovedBehindTheirOrigins(sorted);
    }
    return new Lineage(sorted, iteration);
  }

  /// What takes over comes later, whatever the clocks said: both are of one revision.
  private static void putMovedBehindTheirOrigins(List<Task> sorted) {
    for (var task : List.copyOf(sorted)) {
      if (!task.getMovedFrom().isEmpty()) {
        for (var i = sorted.size() - 1; i > sorted.indexOf(task); i--) {
          if (sorted.get(i).getId().equals(task.getMovedFrom())) {
            sorted.add(i, sorted.remove(sorted.indexOf(task)));
          }
        }
      }
    }
  }

  /// Those that fill the slot: of its iteration, not asked to stop. One that has ended and is not
  /// to be restarted still fills it. There are two only while one replaces the other start-first.
  public List<Task> filling() {
    var filling = new ArrayList<Task>(2);
    for (var task : tasks) {
      if (TaskStates.wantsToRun(task) && task.getJobIteration().getIndex() == iteration) {
        filling.add(task);
      }
    }
    return filling;
  }

  /// Whether another task of the slot that was asked to stop may still be running.
  public boolean hasOneStoppingBeside(Task task, ClusterState state) {
    for (var other : tasks) {
      if (!other.getId().equals(task.getId())
          && !TaskStates.wantsToRun(other)
          && mayStillRun(other, state)) {
        return true;
      }
    }
    return false;
  }

  /// Whether some task of the slot may still be running.
  public boolean hasOneThatMayRun(ClusterState state) {
    for (var task : tasks) {
      if (mayStillRun(task, state)) {
        return true;
      }
    }
    return false;
  }

  /// Whether the task may be running as far as the managers know. One on a node that is down is
  /// taken for dead.
  public static boolean mayStillRun(Task task, ClusterState state) {
    return !wasNeverAssigned(task)
        && !TaskStates.isTerminal(task.getStatus().getState())
        && !isLost(task, state);
  }

  /// Whether no node has ever heard of the task.
  public static boolean wasNeverAssigned(Task task) {
    return TaskStates.isBefore(task.getStatus().getState(), TaskState.TASK_STATE_ASSIGNED);
  }

  /// Whether the task's node is down or gone.
  public static boolean isLost(Task task, ClusterState state) {
    if (task.getNodeId().isEmpty()) {
      return false;
    }
    var node = state.node(task.getNodeId());
    return node == null || isDown(node);
  }

  public static boolean isDown(Node node) {
    return node.getStatus().getState() == NodeState.NODE_STATE_DOWN;
  }
}
