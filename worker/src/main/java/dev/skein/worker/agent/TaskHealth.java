package dev.skein.worker.agent;

import dev.skein.proto.v1.Health;
import dev.skein.proto.v1.HealthState;
import java.time.Duration;
import java.time.Instant;

/// Where a started task stands with its health check: when the next probe is due, and what the
/// last ones said. Pure; the rules are those of Docker's engine.
///
/// @param since when it began to be watched: the start period counts from here
/// @param passed whether a probe has ever passed
/// @param failures probes that failed since the last one that passed, as far as they count
/// @param output what the last probe that failed said; "" after one that passed
/// @param probing whether a probe is under way
/// @param probeAt when the probe under way was due, or else the next one is
record TaskHealth(
    Instant since, boolean passed, long failures, String output, boolean probing, Instant probeAt) {

  /// Of a task that has just been started.
  static TaskHealth starting(HealthCheck check, Instant now) {
    var first = check.startPeriod().isPositive() ? check.startInterval() : check.interval();
    return new TaskHealth(now, false, 0, "", false, now.plus(first));
  }

  /// Of a task that was healthy when it was last watched, by an earlier agent.
  static TaskHealth resumed(HealthCheck check, Instant now) {
    return new TaskHealth(now, true, 0, "", false, now.plus(check.interval()));
  }

  boolean isDue(Instant now) {
    return !probing && !now.isBefore(probeAt);
  }

  TaskHealth begun() {
    return new TaskHealth(since, passed, failures, output, true, probeAt);
  }

  /// After the result of the probe under way.
  TaskHealth probed(HealthCheck check, boolean healthy, String said, Instant now) {
    if (healthy) {
      return new TaskHealth(since, true, 0, "", false, now.plus(check.interval()));
    }
    var counts = passed || !isInStartPeriod(check, probeAt);
    return new TaskHealth(
        since, passed, counts ? failures + 1 : failures, said, false, now.plus(pause(check, now)));
  }

  private Duration pause(HealthCheck check, Instant now) {
    return !passed && isInStartPeriod(check, now) ? check.startInterval() : check.interval();
  }

  private boolean isInStartPeriod(HealthCheck check, Instant at) {
    return at.isBefore(since.plus(check.startPeriod()));
  }

  boolean isUnhealthy(HealthCheck check) {
    return failures >= check.retries();
  }

  /// What the managers are told.
  Health status(HealthCheck check) {
    var state =
        isUnhealthy(check)
            ? HealthState.HEALTH_STATE_UNHEALTHY
            : passed ? HealthState.HEALTH_STATE_HEALTHY : HealthState.HEALTH_STATE_STARTING;
    return Health.newBuilder()
        .setStatus(state)
        .setFailingStreak(failures)
        .setOutput(output)
        .build();
  }

  /// Why the task is not healthy, for the user; "" when its last probe passed or there was none.
  String problem(HealthCheck check) {
    if (output.isEmpty() && failures == 0) {
      return "";
    }
    return "health check failed (%d of %d): %s".formatted(failures, check.retries(), output);
  }
}
