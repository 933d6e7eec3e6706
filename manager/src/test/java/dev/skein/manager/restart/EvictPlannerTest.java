package dev.skein.manager.restart;

import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.GlobalMode;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateOrder;
import dev.skein.state.Defaults;
import dev.skein.state.Times;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvictPlannerTest {
  private final World world = new World();

  /// A service of which all replicas are on node `a`, and may go to `b`.
  private void allOnA(ServiceSpec.Builder spec) {
    world.nodes("a").create(spec).work().nodes("b").settle();
  }

  private static ServiceSpec.Builder web(long replicas, UpdateConfig.Builder update) {
    return replicated("web", replicas).setUpdateConfig(update);
  }

  private static UpdateConfig.Builder parallel(long parallelism) {
    return UpdateConfig.newBuilder().setParallelism(parallelism);
  }

  private List<Task> left() {
    return world.running("web").stream().filter(task -> task.getNodeId().equals("a")).toList();
  }

  private static boolean isOnB(Task task) {
    return task.getNodeId().equals("b");
  }

  @Test
  void aDrainedNodesTaskMovesAndTheNewOneWaitsForTheOldToStop() {
    world.nodes("a", "b").create(replicated("web", 1)).work();
    var old = world.slot("web", 1);
    world.drain(old.getNodeId()).settle();
    assertThat(world.live("web"))
        .singleElement()
        .satisfies(
            task -> {
              assertThat(task.getNodeId()).isNotEqualTo(old.getNodeId());
              assertThat(task.getDesiredState()).isEqualTo(TaskState.TASK_STATE_READY);
            });
    world.work();
    assertThat(world.running("web")).hasSize(1);
  }

  @Test
  void ofOneServiceADrainMovesAsManyAtATimeAsAnUpdateWould() {
    allOnA(web(6, parallel(2)));
    world.drain("a").workExcept(EvictPlannerTest::isOnB);
    assertThat(left()).hasSize(4);
    world.work();
    assertThat(world.running("web")).hasSize(6).allMatch(EvictPlannerTest::isOnB);
  }

  @Test
  void aBudgetSaysHowManyADrainTakesDownWhateverTheParallelism() {
    allOnA(web(6, parallel(1)).setMaxUnavailable(3));
    world.drain("a").workExcept(EvictPlannerTest::isOnB);
    assertThat(left()).hasSize(3);
    world.work();
    assertThat(world.running("web")).hasSize(6).allMatch(EvictPlannerTest::isOnB);
  }

  @Test
  void whatAnUpdateHasTakenDownADrainSpares() {
    allOnA(web(4, parallel(2)).setMaxUnavailable(2));
    world.newArgs("web", "new").workExcept(task -> task.getSpecVersion() == 2);
    world.drain("a").workExcept(task -> task.getSpecVersion() == 2);
    assertThat(world.running("web")).hasSize(2);
    world.passWorking(Duration.ofMinutes(1));
    assertThat(world.at("web", 2)).hasSize(4).allMatch(EvictPlannerTest::isOnB);
  }

  @Test
  void aParallelismOfZeroMovesAllAtOnce() {
    allOnA(web(4, parallel(0)));
    world.drain("a").settle();
    assertThat(left()).isEmpty();
  }

  @Test
  void twoNodesThatAreDrainedTogetherShareOneLimit() {
    world.nodes("a", "c").create(web(4, parallel(1))).work().nodes("b");
    world.drain("a").drain("c").workExcept(EvictPlannerTest::isOnB);
    assertThat(world.running("web")).hasSize(3);
    world.work();
    assertThat(world.running("web")).hasSize(4).allMatch(EvictPlannerTest::isOnB);
  }

  @Test
  void aDrainStartsFirstWhereTheServiceUpdatesSoAndOneAfterTheOther() {
    allOnA(web(3, parallel(1).setOrder(UpdateOrder.UPDATE_ORDER_START_FIRST)));
    world.drain("a").workExcept(EvictPlannerTest::isOnB);
    assertThat(left()).hasSize(3);
    assertThat(world.live("web")).hasSize(4);
    world.work();
    assertThat(world.running("web")).hasSize(3).allMatch(EvictPlannerTest::isOnB);
  }

  @Test
  void afterTheDeadlineWhateverIsLeftGoesAtOnce() {
    var deadline = Duration.ofMinutes(2);
    allOnA(web(4, parallel(1)));
    world.node(
        "a",
        node -> {
          node.getSpecBuilder().setDrainDeadline(Times.proto(deadline));
          return node;
        });
    world.drain("a").workExcept(EvictPlannerTest::isOnB);
    world.pass(deadline.minusMillis(1));
    assertThat(left()).hasSize(3);
    world.pass(Duration.ofMillis(1));
    assertThat(left()).isEmpty();
    assertThat(world.live("web")).hasSize(4).allMatch(EvictPlannerTest::isOnB);
  }

  @Test
  void afterTheDeadlineAReplicaThatNobodyCouldReplaceGoesToo() {
    world.nodes("a").create(web(2, parallel(1).setOrder(UpdateOrder.UPDATE_ORDER_START_FIRST)));
    world.work().drain("a").work();
    assertThat(left()).hasSize(2);
    world.passWorking(Defaults.DRAIN_DEADLINE);
    assertThat(left()).isEmpty();
    assertThat(world.live("web")).hasSize(2);
  }

  @Test
  void theDeadlineRunsOnOverAChangeOfLeader() {
    allOnA(web(3, parallel(1)));
    world.drain("a").workExcept(EvictPlannerTest::isOnB).pass(Duration.ofMinutes(9));
    world.changeLeader().pass(Duration.ofSeconds(59));
    assertThat(left()).hasSize(2);
    world.changeLeader().pass(Duration.ofSeconds(1));
    assertThat(left()).isEmpty();
  }

  @Test
  void aDrainSurvivesAChangeOfLeaderBetweenAnyTwoMoves() {
    allOnA(web(5, parallel(1)));
    world.drain("a");
    for (var step = 0; step < 40; step++) {
      world.changeLeader().settle();
      assertThat(world.running("web")).hasSizeGreaterThanOrEqualTo(4);
      world.changeLeader().work();
    }
    assertThat(world.running("web")).hasSize(5).allMatch(EvictPlannerTest::isOnB);
  }

  @Test
  void aNodeThatIsActiveAgainKeepsWhatItStillHas() {
    allOnA(web(4, parallel(1)));
    world.drain("a").workExcept(EvictPlannerTest::isOnB);
    world.availability("a", NodeAvailability.NODE_AVAILABILITY_ACTIVE).work();
    assertThat(left()).hasSize(3);
    assertThat(world.running("web")).hasSize(4);
  }

  @Test
  void aGlobalServicesTaskLeavesADrainedNodeAtOnce() {
    var spec =
        web(0, parallel(1))
            .setMode(ServiceMode.newBuilder().setGlobal(GlobalMode.getDefaultInstance()));
    world.nodes("a", "b", "c").create(spec).work().drain("a").drain("b").settle();
    assertThat(world.live("web")).singleElement().matches(task -> task.getNodeId().equals("c"));
  }

  @Test
  void aPausedNodeKeepsItsTasks() {
    world.nodes("a").create(replicated("web", 1)).work();
    world.availability("a", NodeAvailability.NODE_AVAILABILITY_PAUSE).work();
    assertThat(world.running("web")).hasSize(1);
  }

  @Test
  void aTaskWhoseConstraintHoldsNoLongerMoves() {
    var spec = replicated("web", 1);
    spec.getTaskTemplateBuilder().getPlacementBuilder().addConstraints("node.labels.disk==ssd");
    world.nodes("a", "b").label("a", "disk", "ssd").label("b", "disk", "ssd").create(spec).work();
    var first = world.slot("web", 1).getNodeId();
    world.label(first, "disk", "hdd").work();
    assertThat(world.slot("web", 1).getNodeId()).isNotEqualTo(first);
  }

  @Test
  void whatAnUpdateNoLongerMovesIsMovedWhenTheServiceChanges() {
    var spec = web(2, parallel(1)).setMaxUnavailable(2);
    spec.getTaskTemplateBuilder().getPlacementBuilder().addConstraints("node.labels.disk==ssd");
    world.nodes("a").label("a", "disk", "ssd").create(spec).work().newArgs("web", "there");
    world.update("web", EvictPlannerTest::back).settle().label("a", "disk", "hdd").settle();
    assertThat(world.running("web")).hasSize(1);
    world.newArgs("web", "other").settle().work();
    assertThat(world.running("web")).isEmpty();
  }

  private static ServiceSpec.Builder back(ServiceSpec.Builder spec) {
    spec.getTaskTemplateBuilder().clearContainerSpec();
    return spec;
  }

  @Test
  void aDrainOfTasksThatAnUpdateThereAndBackLeftAloneIsNoUpdate() {
    allOnA(web(4, parallel(1)));
    world.newArgs("web", "there");
    world.update("web", EvictPlannerTest::back);
    world.settle().drain("a").workExcept(EvictPlannerTest::isOnB);
    assertThat(left()).hasSize(3);
    assertThat(world.service("web").hasUpdateStatus()).isFalse();
  }

  @Test
  void anotherPlacementMovesTasksOneAtATimeAsAnUpdateAlsoUnderANewLeader() {
    allOnA(web(3, parallel(1)));
    world.update(
        "web",
        spec -> {
          spec.getTaskTemplateBuilder().getPlacementBuilder().addConstraints("node.hostname==b");
          return spec;
        });
    world.changeLeader().workExcept(EvictPlannerTest::isOnB);
    assertThat(left()).hasSize(2);
    world.passWorking(Duration.ofMinutes(1));
    assertThat(world.running("web")).hasSize(3).allMatch(EvictPlannerTest::isOnB);
  }
}
