package dev.skein.manager.update;

import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.FailureAction;
import dev.skein.proto.v1.GlobalMode;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.RestartCondition;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateOrder;
import dev.skein.proto.v1.UpdateState;
import dev.skein.proto.v1.UpdateStatus;
import dev.skein.state.Defaults;
import dev.skein.state.Revisions;
import dev.skein.state.Times;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class UpdatePlannerTest {
  private static final Duration MONITOR = Duration.ofSeconds(5);

  private static boolean isNew(Task task) {
    return task.getSpecVersion() > 1 && task.getDesiredState() == TaskState.TASK_STATE_RUNNING;
  }

  private final World world = new World();

  private static ServiceSpec.Builder web(long replicas, UpdateConfig.Builder update) {
    return replicated("web", replicas).setUpdateConfig(update);
  }

  private static UpdateConfig.Builder update() {
    return UpdateConfig.newBuilder();
  }

  private UpdateStatus status() {
    return world.service("web").getUpdateStatus();
  }

  private List<Task> updated() {
    return world.live("web").stream().filter(task -> task.getSpecVersion() > 1).toList();
  }

  @Test
  void anUpdateReplacesOneTaskAtATimeAndStopsTheOldOneFirst() {
    world.nodes("a", "b").create(replicated("web", 3)).work().newArgs("web", "new");
    world.settle();
    assertThat(updated())
        .hasSize(1)
        .allMatch(task -> task.getDesiredState() == TaskState.TASK_STATE_READY);
    assertThat(world.running("web")).hasSize(2);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_UPDATING);
    assertThat(status().getMessage()).isEqualTo("update in progress");
  }

  @Test
  void aReplacementWaitsUntilTheOldTaskHasStopped() {
    world.nodes("a").create(replicated("web", 1)).work();
    var old = world.slot("web", 1);
    world.newArgs("web", "new").settle();
    world.report(updated().getFirst(), TaskState.TASK_STATE_READY, "").settle();
    assertThat(updated().getFirst().getDesiredState()).isEqualTo(TaskState.TASK_STATE_READY);
    world.report(old, TaskState.TASK_STATE_SHUTDOWN, "").settle();
    assertThat(updated().getFirst().getDesiredState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
  }

  @Test
  void anUpdateIsCompletedOnceTheLastTaskHasBeenWatched() {
    world.nodes("a", "b").create(replicated("web", 3)).work().newArgs("web", "new").work();
    assertThat(world.at("web", 2)).hasSize(3);
    world.passWorking(MONITOR.minusMillis(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_UPDATING);
    world.passWorking(Duration.ofMillis(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
    assertThat(status().getMessage()).isEqualTo("update completed");
  }

  @Test
  void anUpdateThatBeganByAWrongClockGoesOnWhenTheClockIsPutBack() {
    world.nodes("a", "b").create(replicated("web", 3)).work();
    world.elapse(Duration.ofHours(1)).newArgs("web", "new").work();
    world.elapse(Duration.ofHours(-1)).changeLeader().passWorking(MONITOR.multipliedBy(4));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
  }

  @Test
  void whatFailsCountsThoughTheUpdateBeganByAWrongClock() {
    world.nodes("a", "b").create(replicated("web", 3)).work();
    world.elapse(Duration.ofHours(1)).newArgs("web", "new").settle();
    world.elapse(Duration.ofHours(-1)).changeLeader().work();
    world.fail(world.at("web", 2).getLast()).settle();
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_PAUSED);
  }

  @Test
  void parallelismIsHowManyAreReplacedAtOnce() {
    world.nodes("a", "b").create(web(6, update().setParallelism(2))).work();
    world.newArgs("web", "new").workExcept(UpdatePlannerTest::isNew);
    assertThat(updated()).hasSize(2);
    assertThat(world.running("web")).hasSize(4);
  }

  @Test
  void aParallelismOfZeroReplacesAllAtOnce() {
    world.nodes("a", "b").create(web(6, update().setParallelism(0))).work();
    world.newArgs("web", "new").workExcept(UpdatePlannerTest::isNew);
    assertThat(updated()).hasSize(6);
  }

  @Test
  void theNextReplacementWaitsForTheDelayAfterTheLastOneRuns() {
    var delay = Duration.ofSeconds(10);
    world.nodes("a").create(web(2, update().setDelay(Times.proto(delay)))).work();
    world.newArgs("web", "new").passWorking(delay.minusMillis(1));
    assertThat(updated()).hasSize(1);
    world.passWorking(Duration.ofMillis(1));
    assertThat(updated()).hasSize(2);
  }

  @Test
  void withStartFirstTheOldTaskGoesOnUntilTheNewOneRuns() {
    var config = update().setOrder(UpdateOrder.UPDATE_ORDER_START_FIRST);
    world.nodes("a", "b").create(web(1, config)).work();
    var old = world.slot("web", 1);
    world.newArgs("web", "new").workExcept(UpdatePlannerTest::isNew);
    assertThat(world.task(old.getId()).getDesiredState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
    world.work();
    assertThat(world.slot("web", 1).getSpecVersion()).isEqualTo(2);
    assertThat(world.task(old.getId()).getStatus().getState())
        .isEqualTo(TaskState.TASK_STATE_SHUTDOWN);
  }

  @Test
  void aFailingReplacementPausesTheUpdateAndSaysWhy() {
    world.nodes("a", "b").create(replicated("web", 3)).work().newArgs("web", "bad").settle();
    world.workExcept(UpdatePlannerTest::isNew);
    var bad = updated().getFirst();
    world.fail(bad).passWorking(Duration.ofMinutes(30));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_PAUSED);
    assertThat(status().getMessage())
        .isEqualTo(
            "update paused due to failure or early termination of task "
                + bad.getId()
                + ": exit code 1");
    assertThat(world.at("web", 1)).hasSize(2);
  }

  @Test
  void aReplacementThatFailsAfterTheMonitorTimeDoesNotPauseTheUpdate() {
    world.nodes("a").create(web(2, update().setDelay(Times.proto(MONITOR.multipliedBy(2))))).work();
    world.newArgs("web", "new").passWorking(MONITOR.plusMillis(1));
    world.fail(updated().getFirst()).passWorking(Duration.ofMinutes(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
  }

  @Test
  void failuresWithinTheRatioAreTolerated() {
    world.nodes("a").create(web(4, update().setMaxFailureRatio(0.25))).work();
    world.newArgs("web", "new").workExcept(UpdatePlannerTest::isNew);
    world.fail(updated().getFirst()).passWorking(Duration.ofMinutes(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
  }

  @Test
  void withContinueTheUpdateGoesThroughAllSlotsHoweverManyFail() {
    var config = update().setFailureAction(FailureAction.FAILURE_ACTION_CONTINUE);
    world.nodes("a").create(web(3, config)).work().newArgs("web", "bad");
    for (var slot = 0; slot < 3; slot++) {
      world.workExcept(UpdatePlannerTest::isNew);
      updated().stream()
          .filter(task -> task.getDesiredState() == TaskState.TASK_STATE_RUNNING)
          .forEach(world::fail);
      world.settle();
    }
    assertThat(world.at("web", 1)).isEmpty();
    assertThat(updated()).hasSize(3);
  }

  @Test
  void whatWasTriedAndIsRestartedIsNotWatchedAnewSoThatTheUpdateEnds() {
    var config = update().setFailureAction(FailureAction.FAILURE_ACTION_CONTINUE).setParallelism(2);
    world.nodes("a").create(web(2, config)).work().newArgs("web", "bad").work();
    world.fail(world.slot("web", 1)).passWorking(MONITOR.plusSeconds(1));
    assertThat(world.slot("web", 1))
        .matches(task -> task.getRestarts() == 1)
        .matches(RollingSlots::isRunning);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
  }

  @Test
  void withRollbackTheServiceGoesBackAndOnlyWhatWasReplacedIsReplacedAgain() {
    var config = update().setFailureAction(FailureAction.FAILURE_ACTION_ROLLBACK);
    world.nodes("a", "b").create(web(3, config)).work();
    var before = world.live("web");
    world.newArgs("web", "bad").workExcept(UpdatePlannerTest::isNew);
    var bad = updated().getFirst();
    world.fail(bad).settle();
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_ROLLBACK_STARTED);
    assertThat(status().getMessage())
        .startsWith("update rolled back due to failure")
        .contains(bad.getId());
    world.passWorking(Duration.ofMinutes(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_ROLLBACK_COMPLETED);
    assertThat(world.running("web")).hasSize(3);
    assertThat(world.running("web").stream().filter(before::contains)).hasSize(2);
    assertThat(world.service("web").getSpec().getTaskTemplate().getContainerSpec().getArgsList())
        .isEmpty();
  }

  @Test
  void aRollbackThatFailsItselfIsPaused() {
    var config = update().setFailureAction(FailureAction.FAILURE_ACTION_ROLLBACK);
    world.nodes("a").create(web(2, config)).work().newArgs("web", "bad");
    world.workExcept(UpdatePlannerTest::isNew);
    world.fail(updated().getFirst()).workExcept(UpdatePlannerTest::isNew);
    world.fail(world.at("web", 3).getFirst()).passWorking(Duration.ofMinutes(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_ROLLBACK_PAUSED);
    assertThat(status().getMessage()).startsWith("rollback paused due to failure");
  }

  @Test
  void anotherUpdateResumesAPausedOne() {
    world.nodes("a").create(replicated("web", 2)).work().newArgs("web", "bad");
    world.workExcept(UpdatePlannerTest::isNew);
    world.fail(updated().getFirst()).settle();
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_PAUSED);
    world.pass(Duration.ofMillis(1)).update("web", spec -> spec).passWorking(Duration.ofMinutes(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
    assertThat(world.at("web", 2)).hasSize(2);
  }

  /// One new task beside the old one fails, and its policy does not let it be tried again.
  private void failOnceBesideTheOldOne(UpdateConfig.Builder config) {
    var spec = web(1, config.setOrder(UpdateOrder.UPDATE_ORDER_START_FIRST));
    spec.getTaskTemplateBuilder()
        .getRestartPolicyBuilder()
        .setCondition(RestartCondition.RESTART_CONDITION_NONE);
    world.nodes("a", "b").create(spec).work().newArgs("web", "bad");
    world.workExcept(UpdatePlannerTest::isNew);
    world.fail(updated().getFirst()).passWorking(Duration.ofMinutes(1));
    assertThat(world.running("web")).singleElement().matches(task -> task.getSpecVersion() == 1);
  }

  @Test
  void whatFailedInAnUpdateThatIsOverIsNotTriedAgain() {
    failOnceBesideTheOldOne(update().setFailureAction(FailureAction.FAILURE_ACTION_CONTINUE));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
    world.changeLeader().passWorking(Duration.ofMinutes(1));
    assertThat(world.running("web")).singleElement().matches(task -> task.getSpecVersion() == 1);
  }

  @Test
  void anOldTaskThatFailsWhileTheUpdateIsPausedComesBackAsItWas() {
    world.nodes("a").create(replicated("web", 2)).work().newArgs("web", "bad");
    world.workExcept(UpdatePlannerTest::isNew);
    world.fail(updated().getFirst()).settle();
    world.fail(world.at("web", 1).getFirst()).passWorking(Duration.ofMinutes(1));
    assertThat(world.at("web", 1)).hasSize(1);
  }

  @Test
  void anUpdateThatNoNodeCanRunIsPausedAtTheProgressDeadline() {
    world.nodes("a").create(replicated("web", 2)).work();
    world.update(
        "web",
        spec -> {
          spec.getTaskTemplateBuilder()
              .getResourcesBuilder()
              .getReservationsBuilder()
              .setMemoryBytes(Long.MAX_VALUE / 4);
          return spec;
        });
    world.passWorking(Defaults.UPDATE_PROGRESS_DEADLINE.minusSeconds(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_UPDATING);
    world.passWorking(Duration.ofSeconds(2));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_PAUSED);
    assertThat(status().getMessage()).contains("insufficient resources on 1 node");
    assertThat(world.running("web")).hasSize(1);
  }

  @Test
  void theProgressDeadlineIsTheServicesOwn() {
    var deadline = Duration.ofSeconds(30);
    world.nodes("a").create(web(2, update().setProgressDeadline(Times.proto(deadline)))).work();
    world.newArgs("web", "new");
    world.workExcept(UpdatePlannerTest::isNew).pass(deadline.minusMillis(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_UPDATING);
    world.pass(Duration.ofMillis(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_PAUSED);
  }

  @Test
  void anUpdateTakesDownNoMoreThanTheServicesBudgetLetsIt() {
    var spec = web(6, update().setParallelism(4)).setMaxUnavailable(2);
    world.nodes("a", "b").create(spec).work();
    world.newArgs("web", "new").workExcept(UpdatePlannerTest::isNew);
    assertThat(updated()).hasSize(2);
    assertThat(world.running("web")).hasSize(4);
    world.passWorking(Duration.ofMinutes(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
  }

  @Test
  void whatIsDownByItselfCountsAgainstTheBudgetButIsReplacedAllTheSame() {
    var spec = web(4, update().setParallelism(4)).setMaxUnavailable(1);
    world.nodes("a", "b").create(spec).work();
    world.fail(world.slot("web", 3)).settle();
    world.newArgs("web", "new").workExcept(UpdatePlannerTest::isNew);
    assertThat(updated()).singleElement().matches(task -> task.getSlot() == 3);
  }

  @Test
  void startFirstTakesNothingDownAndNeedsNoBudget() {
    var config = update().setParallelism(2).setOrder(UpdateOrder.UPDATE_ORDER_START_FIRST);
    world.nodes("a", "b").create(web(4, config).setMaxUnavailable(0)).work();
    world.newArgs("web", "new").workExcept(UpdatePlannerTest::isNew);
    assertThat(updated()).hasSize(2);
    assertThat(world.at("web", 1)).hasSize(4);
    world.passWorking(Duration.ofMinutes(1));
    assertThat(world.at("web", 2)).hasSize(4);
  }

  @Test
  void anUpdateThatItsBudgetNeverLetsGoOnIsPausedAtTheProgressDeadline() {
    var config = update().setParallelism(2).setFailureAction(FailureAction.FAILURE_ACTION_CONTINUE);
    world.nodes("a").create(web(3, config).setMaxUnavailable(1)).work();
    world.newArgs("web", "new").workExcept(UpdatePlannerTest::isNew);
    world.pass(Defaults.UPDATE_PROGRESS_DEADLINE.multipliedBy(2).plusSeconds(1));
    assertThat(world.at("web", 1)).hasSize(2);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_PAUSED);
    assertThat(status().getMessage()).contains("of --max-unavailable are down already");
  }

  @Test
  void whatFailsAgainAndAgainIsNoProgressOfAnUpdateThatItsBudgetStops() {
    var config = update().setFailureAction(FailureAction.FAILURE_ACTION_CONTINUE);
    world.nodes("a").create(web(2, config).setMaxUnavailable(1)).work();
    world.newArgs("web", "bad").workExcept(UpdatePlannerTest::isNew);
    var pause = Duration.ofSeconds(8);
    for (var time = pause;
        time.compareTo(Defaults.UPDATE_PROGRESS_DEADLINE.plusMinutes(1)) < 0;
        time = time.plus(pause)) {
      updated().forEach(world::fail);
      world.pass(pause).workExcept(UpdatePlannerTest::isNew);
    }
    assertThat(world.at("web", 1)).hasSize(1);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_PAUSED);
  }

  @Test
  void whatNeedsNoUpdateAndFailsAgainAndAgainIsNoProgressEither() {
    var config = update().setFailureAction(FailureAction.FAILURE_ACTION_CONTINUE);
    world.nodes("a").create(web(4, config).setMaxUnavailable(1)).newArgs("web", "old").work();
    world
        .newArgs("web", "bad")
        .workExcept(task -> task.getSpecVersion() == 3 && task.getSlot() > 1);
    world.newArgs("web", "old").workExcept(task -> task.getSpecVersion() == 4);
    assertThat(world.at("web", 4)).singleElement().matches(task -> task.getSlot() == 2);
    var pause = Duration.ofSeconds(8);
    for (var time = pause;
        time.compareTo(Defaults.UPDATE_PROGRESS_DEADLINE.plusMinutes(1)) < 0;
        time = time.plus(pause)) {
      world.fail(world.slot("web", 3)).pass(pause).workExcept(task -> task.getSpecVersion() == 4);
    }
    assertThat(world.slot("web", 3).getRestarts()).isGreaterThan(10);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_PAUSED);
  }

  @Test
  void anUpdateSurvivesAChangeOfLeaderBetweenAnyTwoSteps() {
    world.nodes("a", "b").create(web(4, update().setParallelism(2))).work().newArgs("web", "new");
    for (var step = 0; step < 40; step++) {
      world.changeLeader().settle();
      assertThat(world.running("web")).hasSizeGreaterThanOrEqualTo(2);
      world.tasks("web").stream()
          .filter(task -> task.getStatus().getState() == TaskState.TASK_STATE_ASSIGNED)
          .findFirst()
          .ifPresent(task -> world.report(task, TaskState.TASK_STATE_READY, ""));
      world.changeLeader().settle();
      world.work();
    }
    world.passWorking(Duration.ofMinutes(1));
    assertThat(world.at("web", 2)).hasSize(4);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
  }

  @Test
  void aChangeOfLabelsOrReplicasReplacesNothing() {
    world.nodes("a").create(replicated("web", 2)).work();
    var before = world.live("web");
    world.update("web", spec -> spec.putLabels("team", "x")).scale("web", 3).work();
    assertThat(world.live("web")).hasSize(3).containsAll(before);
    assertThat(world.service("web").hasUpdateStatus()).isFalse();
  }

  @Test
  void aChangeOfPlacementMovesOnlyTheTasksThatMayNotStay() {
    world.nodes("a", "b").create(replicated("web", 2)).work();
    var stays = world.on("web", "a");
    world.update(
        "web",
        spec -> {
          spec.getTaskTemplateBuilder().getPlacementBuilder().addConstraints("node.hostname==a");
          return spec;
        });
    world.passWorking(Duration.ofMinutes(1));
    assertThat(world.running("web"))
        .hasSize(2)
        .allMatch(task -> task.getNodeId().equals("a"))
        .extracting(Task::getId)
        .contains(stays.getId());
  }

  @Test
  void anUpdateOvertakenByAnotherGoesOnWithTheLatest() {
    world.nodes("a").create(replicated("web", 3)).work().newArgs("web", "second");
    world
        .workExcept(UpdatePlannerTest::isNew)
        .newArgs("web", "third")
        .passWorking(Duration.ofMinutes(1));
    assertThat(world.at("web", 3)).hasSize(3);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
  }

  @Test
  void aGlobalServiceIsUpdatedNodeByNodeAndALostNodeWhenItComesBack() {
    var spec =
        replicated("web", 0)
            .setMode(ServiceMode.newBuilder().setGlobal(GlobalMode.getDefaultInstance()));
    world.nodes("a", "b", "c").create(spec).work().nodeState("c", NodeState.NODE_STATE_DOWN);
    world.newArgs("web", "new").passWorking(Duration.ofMinutes(1));
    assertThat(world.at("web", 2)).extracting(Task::getNodeId).containsExactlyInAnyOrder("a", "b");
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
    world.nodeState("c", NodeState.NODE_STATE_READY).passWorking(Duration.ofMinutes(1));
    assertThat(world.at("web", 2)).hasSize(3);
  }

  @Test
  void aGlobalServicesUpdateLeavesADrainedNodeAlthoughItStartsFirst() {
    var spec =
        replicated("web", 0)
            .setMode(ServiceMode.newBuilder().setGlobal(GlobalMode.getDefaultInstance()))
            .setUpdateConfig(update().setOrder(UpdateOrder.UPDATE_ORDER_START_FIRST));
    world.nodes("a").create(spec).work().newArgs("web", "new").settle();
    assertThat(updated()).hasSize(1);
    world.availability("a", NodeAvailability.NODE_AVAILABILITY_DRAIN).settle();
    assertThat(world.live("web"))
        .allMatch(task -> task.getDesiredState() == TaskState.TASK_STATE_SHUTDOWN);
  }

  @Test
  void revisionsAreKeptAsLongAsATaskRunsThem() {
    world.cluster(0).nodes("a").create(replicated("web", 2)).work().newArgs("web", "new").settle();
    var old = world.at("web", 1).getFirst();
    assertThat(Revisions.find(world.service("web"), old.getSpecVersion())).isNotNull();
    world.passWorking(Duration.ofMinutes(1));
    assertThat(world.service("web").getRevisionsCount()).isZero();
  }
}
