package dev.skein.worker.agent;

import dev.skein.proto.v1.TaskState;

/// The order of task states as the agent keeps it.
final class TaskStates {

  private TaskStates() {}

  /// Whether a task in this state never runs again.
  static boolean isTerminal(TaskState state) {
    return state.getNumber() >= TaskState.TASK_STATE_COMPLETE_VALUE;
  }

  /// Whether `state` comes before `other`.
  static boolean isBefore(TaskState state, TaskState other) {
    return state.getNumber() < other.getNumber();
  }

  /// The later one of two.
  static TaskState later(TaskState a, TaskState b) {
    return isBefore(a, b) ? b : a;
  }

  /// Whether an agent may move a task's observed state so: only forward, never out of a terminal
  /// state, refused only before it ran, and failed or complete only once it was started.
  static boolean mayMove(TaskState from, TaskState to) {
    if (isTerminal(from) || !isBefore(from, to)) {
      return false;
    }
    return switch (to) {
      case TASK_STATE_ACCEPTED,
          TASK_STATE_PREPARING,
          TASK_STATE_READY,
          TASK_STATE_STARTING,
          TASK_STATE_RUNNING,
          TASK_STATE_SHUTDOWN ->
          true;
      case TASK_STATE_COMPLETE, TASK_STATE_FAILED -> !isBefore(from, TaskState.TASK_STATE_STARTING);
      case TASK_STATE_REJECTED -> isBefore(from, TaskState.TASK_STATE_STARTING);
      // Set by managers only, or never observed.
      case TASK_STATE_NEW,
          TASK_STATE_PENDING,
          TASK_STATE_ASSIGNED,
          TASK_STATE_ORPHANED,
          TASK_STATE_REMOVE,
          UNRECOGNIZED ->
          false;
    };
  }
}
