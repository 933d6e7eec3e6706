package dev.skein.manager.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.World;
import dev.skein.proto.v1.GlobalJob;
import dev.skein.proto.v1.JobStatus;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.ScheduleConcurrency;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/// The world's clock starts on the hour.
class RunPlannerTest {
  private static final Duration PERIOD = Duration.ofMinutes(5);

  private final World world = new World();
  private final Instant start = world.now();

  private static ServiceSpec.Builder scheduled(ScheduleConcurrency concurrency, long total) {
    var job = World.replicated("sum", 0);
    job.getModeBuilder().getReplicatedJobBuilder().setTotalCompletions(total).setMaxConcurrent(1);
    job.getScheduleBuilder().setExpression("*/5 * * * *").setConcurrency(concurrency);
    return job;
  }

  private static ServiceSpec.Builder forbidding() {
    return scheduled(ScheduleConcurrency.SCHEDULE_CONCURRENCY_UNSPECIFIED, 1);
  }

  private JobStatus status() {
    return world.service("sum").getJobStatus();
  }

  private long iteration() {
    return Jobs.iteration(world.service("sum"));
  }

  private RunPlannerTest periods(int count) {
    world.passWorking(PERIOD.multipliedBy(count));
    return this;
  }

  private void completeAll() {
    while (!world.work().running("sum").isEmpty()) {
      world.running("sum").forEach(world::complete);
    }
  }

  private long tasksOf(long iteration) {
    return world.tasks("sum").stream().filter(task -> Jobs.iteration(task) == iteration).count();
  }

  @Test
  void aScheduledJobWaitsForItsFirstDueTimeAndRunsAtEachOne() {
    world.nodes("a").create(forbidding()).passWorking(PERIOD.minusMillis(1));
    assertThat(world.tasks("sum")).isEmpty();
    world.passWorking(Duration.ofMillis(1));
    assertThat(world.running("sum")).hasSize(1);
    assertThat(Times.instant(status().getScheduledAt())).isEqualTo(start.plus(PERIOD));
    assertThat(Times.instant(status().getLastExecution())).isEqualTo(start.plus(PERIOD));
    completeAll();
    periods(1);
    assertThat(world.running("sum")).singleElement().matches(task -> Jobs.iteration(task) == 2);
  }

  @Test
  void whoeverLeadsADueTimeHasOneRun() {
    world.nodes("a").create(forbidding());
    periods(1);
    completeAll();
    world.changeLeader().work();
    assertThat(iteration()).isEqualTo(1);
    world.changeLeader().passWorking(PERIOD);
    assertThat(iteration()).isEqualTo(2);
  }

  @Test
  void whatPassedWhileNobodyLedIsMadeUpForOnce() {
    world.nodes("a").create(forbidding()).work();
    world.elapse(PERIOD.multipliedBy(100).plusSeconds(7)).changeLeader().work();
    assertThat(iteration()).isEqualTo(1);
    assertThat(Times.instant(status().getScheduledAt()))
        .isEqualTo(start.plus(PERIOD.multipliedBy(100)));
    completeAll();
    world.passWorking(PERIOD.minusSeconds(8));
    assertThat(iteration()).isEqualTo(1);
    world.passWorking(Duration.ofSeconds(1));
    assertThat(iteration()).isEqualTo(2);
  }

  @Test
  void aClockThatIsPutBackALittleBeginsNothingTwiceAndOneFarBackCountsFromThen() {
    world.nodes("a").create(forbidding());
    periods(1);
    completeAll();
    world.elapse(Duration.ofSeconds(-30)).changeLeader().passWorking(Duration.ofSeconds(30));
    assertThat(iteration()).isEqualTo(1);
    world.elapse(Duration.ofDays(-1)).changeLeader().passWorking(Duration.ofSeconds(1));
    assertThat(iteration()).isEqualTo(1);
    world.passWorking(PERIOD);
    assertThat(iteration()).isEqualTo(2);
  }

  @Test
  void forbidSkipsWhatIsDueWhileARunGoesOnAndCountsIt() {
    world.nodes("a").create(forbidding());
    periods(3);
    assertThat(iteration()).isEqualTo(1);
    assertThat(world.running("sum")).hasSize(1);
    assertThat(status().getSkipped()).isEqualTo(2);
    assertThat(Times.instant(status().getSkippedAt()))
        .isEqualTo(start.plus(PERIOD.multipliedBy(3)));
    completeAll();
    periods(1);
    assertThat(iteration()).isEqualTo(2);
    assertThat(status().getSkipped()).isEqualTo(2);
  }

  @Test
  void forbidWaitsForAllCompletionsAndForWhatIsBeingStopped() {
    world
        .nodes("a")
        .create(scheduled(ScheduleConcurrency.SCHEDULE_CONCURRENCY_FORBID, 2))
        .passWorking(PERIOD);
    world.complete(world.running("sum").getFirst());
    periods(1);
    assertThat(iteration()).as("one of two has completed").isEqualTo(1);
    completions(0);
    world.settle();
    completions(1);
    world.pass(PERIOD);
    assertThat(iteration()).as("what was given up has not stopped").isEqualTo(1);
    periods(1);
    assertThat(iteration()).isEqualTo(2);
  }

  @Test
  void replaceStopsTheRunThatGoesOn() {
    world.nodes("a").create(scheduled(ScheduleConcurrency.SCHEDULE_CONCURRENCY_REPLACE, 1));
    periods(1);
    var first = world.running("sum").getFirst();
    periods(1);
    assertThat(world.task(first.getId()).getStatus().getState())
        .isEqualTo(TaskState.TASK_STATE_SHUTDOWN);
    assertThat(world.running("sum")).singleElement().matches(task -> Jobs.iteration(task) == 2);
    assertThat(status().getSkipped()).isZero();
  }

  @Test
  void allowLetsEachRunCompleteOnItsOwn() {
    world.nodes("a").create(scheduled(ScheduleConcurrency.SCHEDULE_CONCURRENCY_ALLOW, 2));
    periods(2);
    assertThat(world.running("sum")).extracting(Jobs::iteration).containsExactlyInAnyOrder(1L, 2L);
    assertThat(world.running("sum")).extracting(Task::getSlot).containsOnly(1);
    var older = world.running("sum").stream().filter(task -> Jobs.iteration(task) == 1).findFirst();
    world.complete(older.orElseThrow()).work();
    assertThat(world.running("sum").stream().filter(task -> Jobs.iteration(task) == 1))
        .as("the older run goes on with its second completion")
        .singleElement()
        .matches(task -> task.getSlot() == 2);
    world.changeLeader();
    completeAll();
    assertThat(tasksOf(1)).isEqualTo(2);
    assertThat(tasksOf(2)).isEqualTo(2);
    assertThat(world.tasks("sum"))
        .allMatch(task -> task.getStatus().getState() == TaskState.TASK_STATE_COMPLETE);
  }

  @Test
  void anOlderRunsTaskThatFailsIsRunAgainInItsRun() {
    world.nodes("a").create(scheduled(ScheduleConcurrency.SCHEDULE_CONCURRENCY_ALLOW, 1));
    periods(2);
    world.running("sum").stream().filter(task -> Jobs.iteration(task) == 1).forEach(world::fail);
    world.passWorking(Duration.ofSeconds(10));
    assertThat(world.running("sum")).extracting(Jobs::iteration).containsExactlyInAnyOrder(1L, 2L);
  }

  @Test
  void noMoreThanTenRunsGoOnAtOnce() {
    world.nodes("a").create(scheduled(ScheduleConcurrency.SCHEDULE_CONCURRENCY_ALLOW, 1));
    periods(RunPlanner.RUNS_MAX + 2);
    assertThat(world.running("sum")).hasSize(RunPlanner.RUNS_MAX);
    assertThat(status().getSkipped()).isEqualTo(2);
    world.complete(world.running("sum").getFirst());
    periods(1);
    assertThat(world.running("sum")).hasSize(RunPlanner.RUNS_MAX);
  }

  @Test
  void historyIsKeptPerPlaceHoweverManyRunsThereWere() {
    world.cluster(3).nodes("a").create(forbidding());
    for (var run = 0; run < 8; run++) {
      periods(1);
      completeAll();
    }
    assertThat(iteration()).isEqualTo(8);
    assertThat(world.tasks("sum")).hasSizeLessThanOrEqualTo(4);
  }

  private void completions(long total) {
    world.update(
        "sum",
        spec -> {
          spec.getModeBuilder().getReplicatedJobBuilder().setTotalCompletions(total);
          return spec;
        });
  }

  @Test
  void noCompletionsSuspendTheScheduleAndNothingIsMadeUpForAfterwards() {
    world.nodes("a").create(forbidding());
    periods(1);
    completions(0);
    periods(3);
    assertThat(world.running("sum")).isEmpty();
    assertThat(iteration()).isEqualTo(1);
    completions(1);
    world.passWorking(PERIOD.minusSeconds(1));
    assertThat(world.running("sum")).as("the run that was stopped is over").isEmpty();
    world.passWorking(Duration.ofSeconds(1));
    assertThat(iteration()).isEqualTo(2);
  }

  @Test
  void anUpdateIsForTheNextRunsAndForcingItRunsAtOnce() {
    world.nodes("a").create(forbidding());
    periods(1);
    world.newArgs("sum", "other").work();
    assertThat(world.running("sum")).singleElement().matches(task -> task.getSpecVersion() == 1);
    completeAll();
    periods(1);
    assertThat(world.running("sum")).singleElement().matches(task -> task.getSpecVersion() == 2);
    completeAll();
    world.update(
        "sum",
        spec -> {
          spec.getTaskTemplateBuilder().setForceUpdate(1);
          return spec;
        });
    assertThat(world.work().running("sum"))
        .singleElement()
        .matches(task -> Jobs.iteration(task) == 3);
  }

  @Test
  void withoutItsScheduleAJobBeginsNothingByItself() {
    world.nodes("a").create(forbidding()).work();
    world.update("sum", ServiceSpec.Builder::clearSchedule);
    periods(3);
    assertThat(world.tasks("sum")).isEmpty();
    world.newArgs("sum", "other").work();
    assertThat(world.running("sum")).hasSize(1);
  }

  @Test
  void aScheduleGivenToAJobThatRunsLetsItGoOn() {
    var plain = forbidding().clearSchedule();
    world.nodes("a").create(plain).work();
    world.elapse(PERIOD.multipliedBy(3));
    world.update("sum", spec -> spec.setSchedule(forbidding().getSchedule())).work();
    assertThat(world.running("sum")).singleElement().matches(task -> Jobs.iteration(task) == 0);
    assertThat(status().getSkipped()).isZero();
    completeAll();
    periods(1);
    assertThat(iteration()).isEqualTo(1);
  }

  @Test
  void aGlobalJobRunsOnEachNodeAndDoesNotWaitForOneThatIsDown() {
    var global = forbidding();
    global.setMode(ServiceMode.newBuilder().setGlobalJob(GlobalJob.getDefaultInstance()));
    world.nodes("a", "b").create(global);
    periods(1);
    assertThat(world.running("sum")).hasSize(2);
    world.complete(world.on("sum", "a")).nodeState("b", NodeState.NODE_STATE_DOWN);
    periods(1);
    assertThat(iteration()).isEqualTo(2);
    assertThat(world.on("sum", "a")).matches(task -> Jobs.iteration(task) == 2);
  }

  @Test
  void aJobThatIsBeingRemovedRunsNoMore() {
    world.nodes("a").create(forbidding());
    periods(1);
    world.removeService("sum");
    periods(2);
    assertThat(world.state().service("sum")).isNull();
  }
}
