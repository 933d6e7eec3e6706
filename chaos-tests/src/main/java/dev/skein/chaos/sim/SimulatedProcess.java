package dev.skein.chaos.sim;

import dev.skein.proto.v1.TaskSpec;
import dev.skein.worker.agent.TaskEvent;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A task's process, running or ended but not yet taken note of, and what a probe of it would say:
/// it becomes healthy some time after its start, and a sick one falls ill again or never is well.
final class SimulatedProcess {
  /// The argument that makes a task's process unhealthy.
  static final String SICK = "sick";

  /// The longest time that one which is not sick takes to become healthy.
  static final Duration WARM_UP_MAX = Duration.ofSeconds(3);

  private final TaskEvent.Started started;
  private final Instant healthyFrom;
  private final Instant healthyUntil;
  private @Nullable Integer exitCode;

  SimulatedProcess(TaskEvent.Started started, TaskSpec spec, Instant now, Chance chance) {
    this.started = started;
    var sick = spec.getContainerSpec().getArgsList().contains(SICK);
    healthyFrom =
        sick && chance.in(2) ? Instant.MAX : now.plus(chance.millis(0, WARM_UP_MAX.toMillis()));
    healthyUntil = sick ? now.plus(chance.millis(1_000, 10_000)) : Instant.MAX;
  }

  TaskEvent.Started started() {
    return started;
  }

  @Nullable Integer exitCode() {
    return exitCode;
  }

  boolean isRunning() {
    return exitCode == null;
  }

  void end(int code) {
    if (exitCode == null) {
      exitCode = code;
    }
  }

  /// Whether a probe at this time finds it healthy. One in a hundred fails for no reason.
  boolean probe(Instant now, Chance chance) {
    return isRunning()
        && !now.isBefore(healthyFrom)
        && now.isBefore(healthyUntil)
        && !chance.in(100);
  }

  /// How long a probe takes.
  static Duration probeTime(Chance chance) {
    return chance.millis(1, 300);
  }
}
