package dev.skein.worker.agent;

import static dev.skein.proto.v1.TaskState.TASK_STATE_ASSIGNED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_FAILED;
import static dev.skein.proto.v1.TaskState.TASK_STATE_RUNNING;
import static dev.skein.proto.v1.TaskState.TASK_STATE_SHUTDOWN;
import static dev.skein.proto.v1.TaskState.TASK_STATE_STARTING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.HealthState;
import dev.skein.proto.v1.Healthcheck;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.Defaults;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A task with a health check: every 10 s, three failures, a start period of 30 s with a probe each
/// 2 s. The clock is the test's.
final class HealthTest {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final List<TaskEffect> effects = new ArrayList<>();
  private Instant now = START;
  private WorkerTask task = started(check());

  private static Healthcheck.Builder check() {
    return Healthcheck.newBuilder()
        .addTest("CMD")
        .addTest("true")
        .setInterval(com.google.protobuf.Duration.newBuilder().setSeconds(10))
        .setStartPeriod(com.google.protobuf.Duration.newBuilder().setSeconds(30))
        .setStartInterval(com.google.protobuf.Duration.newBuilder().setSeconds(2));
  }

  private WorkerTask started(Healthcheck.Builder check) {
    var assigned = TaskMachineTest.task(TASK_STATE_ASSIGNED, TASK_STATE_RUNNING).toBuilder();
    assigned.getSpecBuilder().getContainerSpecBuilder().setHealthcheck(check);
    task = TaskMachine.assigned(assigned.build(), now).task();
    on(new TaskEvent.Prepared());
    on(new TaskEvent.Started(7, List.of()));
    effects.clear();
    return task;
  }

  private void on(TaskEvent event) {
    var step = TaskMachine.on(task, event, now);
    task = step.task();
    effects.addAll(step.effects());
  }

  private void pass(Duration time) {
    now = now.plus(time);
    on(new TaskEvent.Tick());
  }

  /// Lets the time of the next probe come and answers it.
  private void probe(boolean healthy, String output) {
    var at = task.wakeAt();
    assertThat(at).isNotNull();
    pass(Duration.between(now, at));
    assertThat(effects).endsWith(TaskEffect.PROBE);
    on(new TaskEvent.Probed(healthy, output));
  }

  private void probe(boolean healthy) {
    probe(healthy, healthy ? "" : "connection refused");
  }

  private TaskState state() {
    return task.state();
  }

  /// Managers show the defaults that agents act by.
  @Test
  void whatACheckDoesNotSayIsWhatManagersShow() {
    var spec = ContainerSpec.newBuilder();
    spec.getHealthcheckBuilder().addTest("CMD").addTest("true");
    var shown = spec.clone().setHealthcheck(Defaults.healthcheck(spec.getHealthcheck()));
    assertThat(HealthCheck.of(spec.build())).isNotNull().isEqualTo(HealthCheck.of(shown.build()));
    assertThat(shown.getHealthcheck().getInterval().getSeconds()).isEqualTo(30);
  }

  @Test
  void aTaskStaysStartingUntilItsFirstProbePasses() {
    assertThat(state()).isEqualTo(TASK_STATE_STARTING);
    assertThat(task.status().getHealth().getStatus()).isEqualTo(HealthState.HEALTH_STATE_STARTING);
    probe(true);
    assertThat(state()).isEqualTo(TASK_STATE_RUNNING);
    assertThat(task.status().getHealth().getStatus()).isEqualTo(HealthState.HEALTH_STATE_HEALTHY);
    assertThat(task.status().getContainerStatus().getPid()).isEqualTo(7);
  }

  @Test
  void probesAreMadeEachStartIntervalInTheStartPeriodAndEachIntervalAfterIt() {
    assertThat(task.wakeAt()).isEqualTo(START.plusSeconds(2));
    for (var failure = 0; failure < 14; failure++) {
      probe(false);
    }
    assertThat(now).isEqualTo(START.plusSeconds(28));
    probe(false);
    assertThat(task.wakeAt()).isEqualTo(START.plusSeconds(40));
  }

  @Test
  void noProbeIsMadeBeforeItIsDueOrWhileOneIsUnderWay() {
    pass(Duration.ofMillis(1_999));
    assertThat(effects).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(effects).containsExactly(TaskEffect.PROBE);
    assertThat(task.wakeAt()).isNull();
    pass(Duration.ofHours(1));
    assertThat(effects).containsExactly(TaskEffect.PROBE);
  }

  @Test
  void failuresInTheStartPeriodDoNotCountButAreShown() {
    probe(false);
    probe(false);
    probe(false);
    assertThat(state()).isEqualTo(TASK_STATE_STARTING);
    assertThat(task.status().getErr())
        .isEqualTo("health check failed (0 of 3): connection refused");
  }

  @Test
  void afterAProbePassedFailuresCountEvenInTheStartPeriod() {
    task = started(check().setInterval(com.google.protobuf.Duration.newBuilder().setSeconds(1)));
    probe(true);
    probe(false);
    assertThat(task.status().getHealth().getFailingStreak()).isEqualTo(1);
  }

  @Test
  void aTaskThatFailsTooOftenIsStoppedAtOnceAndHasFailedWithTheLastOutput() {
    probe(true);
    probe(false);
    probe(false);
    assertThat(effects).doesNotContain(TaskEffect.STOP);
    assertThat(state()).isEqualTo(TASK_STATE_RUNNING);
    probe(false, "exit code 1: out of ideas");
    assertThat(effects).endsWith(TaskEffect.STOP);
    assertThat(task.status().getHealth().getStatus()).isEqualTo(HealthState.HEALTH_STATE_UNHEALTHY);
    assertThat(task.wakeAt()).isNull();
    on(new TaskEvent.Exited(143, ""));
    assertThat(state()).isEqualTo(TASK_STATE_FAILED);
    assertThat(task.status().getErr())
        .isEqualTo(
            "unhealthy: the health check failed 3 times in a row: exit code 1: out of ideas");
  }

  @Test
  void aTaskThatNeverBecomesHealthyFailsToo() {
    task = started(check().clearStartPeriod());
    probe(false);
    probe(false);
    probe(false);
    assertThat(effects).endsWith(TaskEffect.STOP);
    on(new TaskEvent.Exited(0, ""));
    assertThat(state()).isEqualTo(TASK_STATE_FAILED);
  }

  @Test
  void oneProbeThatPassesForgetsTheFailuresBeforeIt() {
    probe(true);
    probe(false);
    probe(false);
    probe(true);
    assertThat(task.status().getErr()).isEmpty();
    probe(false);
    probe(false);
    assertThat(state()).isEqualTo(TASK_STATE_RUNNING);
    assertThat(effects).doesNotContain(TaskEffect.STOP);
  }

  @Test
  void aTaskThatIsStillStartingIsStoppedWhenItIsNotWantedAndItsProbesNoLongerCount() {
    pass(Duration.ofSeconds(2));
    on(new TaskEvent.Assigned(wanted(TASK_STATE_SHUTDOWN)));
    assertThat(effects).endsWith(TaskEffect.STOP);
    assertThat(state()).isEqualTo(TASK_STATE_STARTING);
    on(new TaskEvent.Probed(true, ""));
    assertThat(state()).isEqualTo(TASK_STATE_STARTING);
    assertThat(task.wakeAt()).isNull();
    on(new TaskEvent.Exited(143, ""));
    assertThat(state()).isEqualTo(TASK_STATE_SHUTDOWN);
  }

  private AssignedTask wanted(TaskState desired) {
    return AssignedTask.newBuilder()
        .setTask(task.assignment().getTask().toBuilder().setDesiredState(desired))
        .build();
  }

  @Test
  void anUnhealthyTaskThatCannotBeStoppedIsStoppedAgain() {
    task = started(check().clearStartPeriod().setRetries(1));
    probe(false);
    on(new TaskEvent.StopFailed("stuck in the kernel"));
    effects.clear();
    pass(TaskMachine.RETRY_DELAY);
    assertThat(effects).containsExactly(TaskEffect.STOP);
  }

  @Test
  void aTaskThatEndsByItselfWhileItStartsHasFailedForItsOwnReason() {
    on(new TaskEvent.Exited(1, "task: non-zero exit (1)"));
    assertThat(state()).isEqualTo(TASK_STATE_FAILED);
    assertThat(task.status().getErr()).isEqualTo("task: non-zero exit (1)");
  }

  @Test
  void theNextAgentGoesOnProbingATaskThatRan() {
    probe(true);
    now = now.plusSeconds(60);
    task = TaskMachine.recovered(task, new TaskEvent.Started(7, List.of()), now).task();
    assertThat(state()).isEqualTo(TASK_STATE_RUNNING);
    assertThat(task.wakeAt()).isEqualTo(now.plusSeconds(10));
    probe(false);
    probe(false);
    probe(false);
    assertThat(effects).endsWith(TaskEffect.STOP);
  }

  @Test
  void theNextAgentDoesNotTakeATaskForHealthyThatWasStillStarting() {
    probe(false);
    task = TaskMachine.recovered(task, new TaskEvent.Started(7, List.of()), now).task();
    assertThat(state()).isEqualTo(TASK_STATE_STARTING);
    probe(true);
    assertThat(state()).isEqualTo(TASK_STATE_RUNNING);
  }

  @Test
  void aTaskWithoutAHealthCheckRunsAtOnceAndIsNeverProbed() {
    for (var none : List.of(Healthcheck.newBuilder(), Healthcheck.newBuilder().addTest("NONE"))) {
      task = started(none);
      assertThat(state()).isEqualTo(TASK_STATE_RUNNING);
      assertThat(task.status().hasHealth()).isFalse();
      assertThat(task.wakeAt()).isNull();
    }
  }

  @Test
  void whatTheCheckDoesNotSayIsAsInDocker() {
    var check =
        HealthCheck.of(started(Healthcheck.newBuilder().addTest("TCP")).spec().getContainerSpec());
    assertThat(check)
        .isEqualTo(
            new HealthCheck(
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                3,
                Duration.ZERO,
                Duration.ofSeconds(5)));
  }
}
