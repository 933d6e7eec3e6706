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
  /// @param streak the replacement's count of restarts in a row without a stable run
  record Replace(Duration delay, int restarts, Instant windowStart, int streak)
      implements RestartDecision {}

  /// What a back-off grows from when the restart delay itself is 0.
  Duration BACKOFF_FIRST = Duration.ofSeconds(1);

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
    var streak = ranStably(ended, policy, endedAt) ? 0 : ended.getRestartStreak();
    return new Replace(
        delay(policy, streak), restarts + 1, windowIsOver ? endedAt : windowStart, streak + 1);
  }

  /// A task that ran for as long as the longest delay has made up for what failed before it.
  private static boolean ranStably(Task ended, RestartPolicy policy, Instant endedAt) {
    return ended.hasRunningSince()
        && !Times.instant(ended.getRunningSince())
            .plus(Times.duration(policy.getMaxDelay()))
            .isAfter(endedAt);
  }

  /// The delay after so many restarts in a row: twice the one before, up to the policy's longest.
  private static Duration delay(RestartPolicy policy, int streak) {
    var delay = Defaults.restartDelay(policy);
    if (!policy.hasMaxDelay() || streak == 0) {
      return delay;
    }
    var longest = Times.duration(policy.getMaxDelay());
    var doublings = streak;
    if (delay.isZero()) {
      delay = BACKOFF_FIRST;
      doublings--;
    }
    for (var left = doublings; left > 0 && delay.compareTo(longest) < 0; left--) {
      delay = delay.multipliedBy(2);
    }
    return delay.compareTo(longest) < 0 ? delay : longest;
  }
}
