package dev.skein.manager.restart;

import dev.skein.proto.v1.RestartCondition;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.Defaults;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;

/// What a restart policy says about a task that ended by itself. It depends on the task and the
/// policy only, so every leader comes to the same decision at any time.
public sealed interface RestartDecision {
  /// The task stays where it is as the slot's last word.
  record Stay() implements RestartDecision {}

  /// It is replaced.
  ///
  /// @param delay how long the replacement waits before it starts
  /// @param restarts the replacement's count of restarts within the window
  /// @param windowStart when that window began
  record Replace(Duration delay, int restarts, Instant windowStart) implements RestartDecision {}

  static RestartDecision of(Task ended, RestartPolicy policy) {
    return switch (Defaults.restartCondition(policy)) {
      case RESTART_CONDITION_NONE -> new Stay();
      case RESTART_CONDITION_ON_FAILURE ->
          ended.getStatus().getState() == TaskState.TASK_STATE_COMPLETE
              ? new Stay()
              : attempt(ended, policy);
      case RESTART_CONDITION_ANY, RESTART_CONDITION_UNSPECIFIED, UNRECOGNIZED ->
          attempt(ended, policy);
    };
  }

  /// Whether the policy takes the end of a task for something that should not have happened.
  static boolean isFailure(Task ended, RestartPolicy policy) {
    return ended.getStatus().getState() != TaskState.TASK_STATE_COMPLETE
        || Defaults.restartCondition(policy) == RestartCondition.RESTART_CONDITION_ANY;
  }

  private static RestartDecision attempt(Task ended, RestartPolicy policy) {
    // The managers' own clock, as the worker's may differ: when the end was committed.
    var endedAt = Times.instant(ended.getUpdatedAt());
    var window = Times.duration(policy.getWindow());
    var windowStart =
        ended.hasRestartWindowStart() ? Times.instant(ended.getRestartWindowStart()) : endedAt;
    var windowIsOver =
        !window.isZero() && Duration.between(windowStart, endedAt).compareTo(window) > 0;
    var restarts = windowIsOver ? 0 : ended.getRestarts();
    var attemptsMax = policy.getMaxAttempts();
    if (attemptsMax > 0 && restarts >= attemptsMax) {
      return new Stay();
    }
    return new Replace(
        Defaults.restartDelay(policy), restarts + 1, windowIsOver ? endedAt : windowStart);
  }
}
