package dev.skein.manager.restart;

import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.RestartCondition;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.Times;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestartPlannerTest {
  private static final Duration DELAY = Duration.ofSeconds(5);

  private final World world = new World();

  private static ServiceSpec.Builder withPolicy(RestartPolicy.Builder policy) {
    var spec = replicated("web", 1);
    spec.getTaskTemplateBuilder().setRestartPolicy(policy);
    return spec;
  }

  @Test
  void aFailedTaskIsReplacedOnlyAfterTheRestartDelay() {
    world.nodes("a").create(replicated("web", 1)).work();
    world.fail(world.slot("web", 1)).pass(DELAY.minusMillis(1));
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_READY);
    world.pass(Duration.ofMillis(1));
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
  }

  @Test
  void aTaskThatIsRefusedWhileItWaitsIsReplacedOnlyAfterItsDelay() {
    world.nodes("a").create(replicated("web", 1)).work();
    world.fail(world.slot("web", 1)).settle();
    var refused = world.slot("web", 1);
    world.report(refused, TaskState.TASK_STATE_REJECTED, "no such user").settle();
    world.pass(DELAY.minusMillis(1)).changeLeader();
    assertThat(world.live("web")).isEmpty();
    world.pass(Duration.ofMillis(1));
    var next = world.slot("web", 1);
    assertThat(next.getId()).isNotEqualTo(refused.getId());
    assertThat(next.getDesiredState()).isEqualTo(TaskState.TASK_STATE_READY);
    assertThat(next.getRestarts()).isEqualTo(refused.getRestarts() + 1);
  }

  @Test
  void theRestartDelaySurvivesAChangeOfLeader() {
    world.nodes("a").create(replicated("web", 1)).work();
    world.fail(world.slot("web", 1)).pass(Duration.ofSeconds(3)).changeLeader();
    world.pass(Duration.ofMillis(1_999));
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_READY);
    world.pass(Duration.ofMillis(1));
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
  }

  @Test
  void aDelayThatBeganByAWrongClockDoesNotLastUntilThatTimeComes() {
    world.nodes("a").create(replicated("web", 1)).work();
    world.elapse(Duration.ofHours(1)).fail(world.slot("web", 1)).settle();
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_READY);
    world.elapse(Duration.ofHours(-1)).changeLeader().pass(DELAY);
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
  }

  @Test
  void aLeaderWhoseOwnClockIsPutBackDoesNotWaitForTheTimeItHad() {
    world.nodes("a").create(replicated("web", 1)).work();
    world.elapse(Duration.ofHours(1)).fail(world.slot("web", 1)).settle();
    world.elapse(Duration.ofHours(-1)).pass(DELAY);
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, COMPLETE, false",
    "NONE, FAILED, false",
    "NONE, REJECTED, false",
    "ON_FAILURE, COMPLETE, false",
    "ON_FAILURE, FAILED, true",
    "ON_FAILURE, REJECTED, true",
    "ON_FAILURE, SHUTDOWN, true",
    "ANY, COMPLETE, true",
    "ANY, FAILED, true",
    "ANY, REJECTED, true",
    "UNSPECIFIED, COMPLETE, true",
    "UNSPECIFIED, FAILED, true",
  })
  void theRestartConditionDecidesWhetherAnEndedTaskIsReplaced(
      String condition, String end, boolean replaced) {
    world
        .nodes("a")
        .create(
            withPolicy(
                RestartPolicy.newBuilder()
                    .setCondition(RestartCondition.valueOf("RESTART_CONDITION_" + condition))))
        .work();
    world.report(world.slot("web", 1), TaskState.valueOf("TASK_STATE_" + end), "");
    world.passWorking(Duration.ofMinutes(5));
    assertThat(world.running("web")).hasSize(replaced ? 1 : 0);
    assertThat(world.tasks("web")).hasSize(replaced ? 2 : 1);
  }

  @Test
  void aSlotIsGivenUpAfterTheMostAttempts() {
    world.nodes("a").create(withPolicy(RestartPolicy.newBuilder().setMaxAttempts(2))).work();
    for (var attempt = 0; attempt < 2; attempt++) {
      world.fail(world.slot("web", 1)).passWorking(DELAY);
    }
    world.fail(world.slot("web", 1)).passWorking(Duration.ofHours(1));
    assertThat(world.live("web")).isEmpty();
    assertThat(world.tasks("web")).hasSize(3);
  }

  @Test
  void attemptsAreCountedWithinTheWindowOnly() {
    var policy =
        RestartPolicy.newBuilder().setMaxAttempts(1).setWindow(Times.proto(Duration.ofMinutes(1)));
    world.nodes("a").create(withPolicy(policy)).work();
    for (var failure = 0; failure < 4; failure++) {
      world.fail(world.slot("web", 1)).passWorking(Duration.ofMinutes(2));
    }
    assertThat(world.running("web")).hasSize(1);
  }

  @Test
  void aDelayOfZeroStartsTheReplacementAtOnce() {
    var policy = RestartPolicy.newBuilder().setDelay(Times.proto(Duration.ZERO));
    world.nodes("a").create(withPolicy(policy)).work();
    world.fail(world.slot("web", 1)).settle();
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
  }

  @Test
  void theTasksOfADownNodeAreReplacedAtOnceElsewhere() {
    world.nodes("a", "b").create(replicated("web", 2)).work();
    var lost = world.on("web", "a");
    world.nodeState("a", NodeState.NODE_STATE_DOWN).settle();
    assertThat(world.live("web"))
        .filteredOn(task -> !task.getId().equals(lost.getId()))
        .hasSize(2)
        .allMatch(task -> task.getNodeId().equals("b"))
        .allMatch(task -> task.getDesiredState() == TaskState.TASK_STATE_RUNNING);
    assertThat(world.task(lost.getId()).getDesiredState()).isEqualTo(TaskState.TASK_STATE_SHUTDOWN);
  }

  @Test
  void theTasksOfARemovedNodeAreReplacedAndOrphaned() {
    world.nodes("a", "b").create(replicated("web", 1)).work();
    var lost = world.slot("web", 1);
    world.removeNode(lost.getNodeId()).work();
    assertThat(world.running("web")).hasSize(1).doesNotContain(lost);
    assertThat(world.task(lost.getId()).getStatus().getState())
        .isEqualTo(TaskState.TASK_STATE_ORPHANED);
  }

  @Test
  void anUnknownOrDisconnectedNodeKeepsItsTasks() {
    world.nodes("a", "b").create(replicated("web", 2)).work();
    var before = world.live("web");
    world.nodeState("a", NodeState.NODE_STATE_UNKNOWN).settle();
    world.nodeState("b", NodeState.NODE_STATE_DISCONNECTED).settle();
    assertThat(world.live("web")).containsExactlyElementsOf(before);
  }

  @Test
  void whatHasEndedForGoodIsNotRunAgainWhenItsNodeIsLost() {
    var policy = RestartPolicy.newBuilder().setCondition(RestartCondition.RESTART_CONDITION_NONE);
    world.nodes("a", "b").create(withPolicy(policy)).work();
    var done = world.slot("web", 1);
    world.complete(done).nodeState(done.getNodeId(), NodeState.NODE_STATE_DOWN).work();
    assertThat(world.tasks("web")).hasSize(1);
  }

  @Test
  void aPredecessorThatCannotBeKilledDoesNotHoldUpItsSlotForEver() {
    world.nodes("a", "b").create(replicated("web", 1)).work();
    var old = world.slot("web", 1);
    world.availability(old.getNodeId(), NodeAvailability.NODE_AVAILABILITY_DRAIN).settle();
    var bound = RestartPlanner.PREDECESSOR_WAIT_MAX.plusSeconds(10);
    world.pass(bound.minusMillis(1));
    assertThat(replacementOf(old).getDesiredState()).isEqualTo(TaskState.TASK_STATE_READY);
    world.pass(Duration.ofMillis(1));
    assertThat(replacementOf(old).getDesiredState()).isEqualTo(TaskState.TASK_STATE_RUNNING);
  }

  private Task replacementOf(Task old) {
    return world.live("web").stream()
        .filter(task -> !task.getId().equals(old.getId()))
        .findFirst()
        .orElseThrow();
  }
}
