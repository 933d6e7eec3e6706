package dev.skein.state;

import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;

/// The order of task states, and the only transitions there are: forward.
public final class TaskStates {
  private TaskStates() {}

  /// Whether a task in this state runs no more and never will.
  public static boolean isTerminal(TaskState state) {
    return !isBefore(state, TaskState.TASK_STATE_COMPLETE);
  }

  /// Whether the task is neither terminal nor asked to stop: it counts as a replica.
  public static boolean isLive(Task task) {
    return !isTerminal(task.getStatus().getState()) && wantsToRun(task);
  }

  /// Whether the task's desired state is one in which it runs, or is about to.
  public static boolean wantsToRun(Task task) {
    return !isAfter(task.getDesiredState(), TaskState.TASK_STATE_RUNNING);
  }

  public static boolean isBefore(TaskState a, TaskState b) {
    return a.getNumber() < b.getNumber();
  }

  public static boolean isAfter(TaskState a, TaskState b) {
    return a.getNumber() > b.getNumber();
  }

  /// Whether a task observed in `from` may be observed in `to` next. REMOVE is only ever desired.
  public static boolean mayBecome(TaskState from, TaskState to) {
    return isAfter(to, from) && !isAfter(to, TaskState.TASK_STATE_ORPHANED);
  }

  /// Whether a desired state may be followed by another. Only READY, RUNNING, SHUTDOWN and REMOVE
  /// are desired states.
  public static boolean mayBeDesired(TaskState from, TaskState to) {
    return isDesired(to) && isAfter(to, from);
  }

  /// Whether this is one of the states that a task may be desired to be in.
  public static boolean isDesired(TaskState state) {
    return switch (state) {
      case TASK_STATE_READY, TASK_STATE_RUNNING, TASK_STATE_SHUTDOWN, TASK_STATE_REMOVE -> true;
      case TASK_STATE_NEW,
          TASK_STATE_PENDING,
          TASK_STATE_ASSIGNED,
          TASK_STATE_ACCEPTED,
          TASK_STATE_PREPARING,
          TASK_STATE_STARTING,
          TASK_STATE_COMPLETE,
          TASK_STATE_FAILED,
          TASK_STATE_REJECTED,
          TASK_STATE_ORPHANED,
          UNRECOGNIZED ->
          false;
    };
  }
}
