package dev.skein.manager.rearrange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.DisruptionBudget;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.plan.World;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Rearrangement;
import dev.skein.proto.v1.RearrangementPurpose;
import dev.skein.proto.v1.RearrangementState;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateOrder;
import dev.skein.state.ChangeSets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RearrangePlannerTest {
  private final World world = new World();

  /// All replicas are on one node, and another one comes.
  private void lopsided(int replicas) {
    world.cluster(2).nodes("a").create(World.replicated("web", replicas)).work().nodes("b").work();
    assertThat(on("a")).isEqualTo(replicas);
  }

  private long on(String node) {
    return world.running("web").stream().filter(task -> task.getNodeId().equals(node)).count();
  }

  private void rebalance(int atOnce) {
    var begun =
        Rearrangements.begun(
            "r",
            RearrangementPurpose.REARRANGEMENT_PURPOSE_REBALANCE,
            SpreadPlan.of(world.state()),
            List.of(),
            atOnce,
            false,
            world.now());
    world.change(ChangeSets.update(cluster().setRearrangement(begun).build()));
    world.settle();
  }

  private Cluster.Builder cluster() {
    var cluster = world.state().cluster();
    if (cluster == null) {
      throw new AssertionError();
    }
    return cluster.toBuilder();
  }

  private Rearrangement rearrangement() {
    return cluster().getRearrangement();
  }

  private List<Task> arriving() {
    return world.live("web").stream().filter(RearrangePlannerTest::isArriving).toList();
  }

  private static boolean isArriving(Task task) {
    return !task.getMovedFrom().isEmpty()
        && task.getStatus().getState() != TaskState.TASK_STATE_RUNNING;
  }

  /// So that moves need not ask the service's [dev.skein.manager.plan.DisruptionBudget].
  @Test
  void movesNeverLowerTheNumberOfReplicasThatServeHoweverManyThereAreAtOnce() {
    lopsided(6);
    world.update(
        "web",
        spec -> {
          spec.getUpdateConfigBuilder().setOrder(UpdateOrder.UPDATE_ORDER_STOP_FIRST);
          return spec.setMaxUnavailable(1);
        });
    world.work();
    rebalance(6);
    assertThat(arriving()).hasSize(3);
    while (rearrangement().getState() == RearrangementState.REARRANGEMENT_STATE_MOVING) {
      var service = world.service("web");
      var serving =
          world.running("web").stream()
              .filter(task -> DisruptionBudget.isAvailable(task, world.state()))
              .map(Slot::of)
              .distinct();
      assertThat(serving).hasSize(6);
      assertThat(DisruptionBudget.of(world.state(), service).left()).isEqualTo(1);
      // One step of one worker at a time, so that every state between is looked at.
      var next = arriving().stream().findFirst();
      if (next.isEmpty()) {
        world.work();
      } else {
        world.report(next.get(), TaskState.TASK_STATE_RUNNING, "").settle();
      }
    }
    assertThat(on("b")).isEqualTo(3);
  }

  @Test
  void replicasMoveOneAfterTheOtherAndTheNewOneRunsFirst() {
    lopsided(4);
    rebalance(1);
    assertThat(arriving()).hasSize(1).allMatch(task -> task.getNodeId().equals("b"));
    assertThat(on("a")).isEqualTo(4);
    world.workExcept(RearrangePlannerTest::isArriving);
    assertThat(on("a")).as("the old task goes on").isEqualTo(4);
    world.work();
    assertThat(on("a")).isEqualTo(2);
    assertThat(on("b")).isEqualTo(2);
    assertThat(rearrangement().getState())
        .isEqualTo(RearrangementState.REARRANGEMENT_STATE_COMPLETED);
    assertThat(rearrangement().getMessage()).isEqualTo("2 of 2 replicas moved");
    assertThat(rearrangement().getMovesList()).isEmpty();
  }

  @Test
  void soManyAreOnTheirWayAtOnce() {
    lopsided(8);
    rebalance(3);
    assertThat(arriving()).hasSize(3);
    world.workExcept(RearrangePlannerTest::isArriving);
    assertThat(arriving()).hasSize(3);
  }

  @Test
  void aNewLeaderGoesOn() {
    lopsided(4);
    rebalance(1);
    world.changeLeader().workExcept(RearrangePlannerTest::isArriving);
    assertThat(arriving()).hasSize(1);
    world.changeLeader().work();
    assertThat(on("b")).isEqualTo(2);
  }

  @Test
  void aFailureEndsItAndTheOldTaskStays() {
    lopsided(4);
    rebalance(1);
    world.workExcept(RearrangePlannerTest::isArriving);
    world.fail(arriving().getFirst()).passWorking(Duration.ofMinutes(1));
    assertThat(on("a")).isEqualTo(4);
    assertThat(on("b")).isZero();
    assertThat(rearrangement().getState())
        .isEqualTo(RearrangementState.REARRANGEMENT_STATE_STOPPED);
    assertThat(rearrangement().getMessage()).contains("web.", "on node b", "exit code 1");
  }

  @Test
  void aReplacementThatDoesNotRunInTimeIsGivenUp() {
    lopsided(2);
    rebalance(1);
    world.workExcept(RearrangePlannerTest::isArriving);
    world.pass(RearrangePlanner.PATIENCE);
    assertThat(arriving()).isEmpty();
    assertThat(on("a")).isEqualTo(2);
    assertThat(rearrangement().getMessage()).contains("did not run within 10 minutes");
  }

  @Test
  void aReplacementWhoseNodeGoesDownIsGivenUp() {
    lopsided(2);
    rebalance(1);
    world.workExcept(RearrangePlannerTest::isArriving);
    world.nodeState("b", NodeState.NODE_STATE_DOWN).work();
    assertThat(world.live("web")).hasSize(2).allMatch(task -> task.getNodeId().equals("a"));
  }

  @Test
  void aTaskThatFailsWhileItIsBeingMovedIsFollowedByTheOneThatTakesOver() {
    lopsided(2);
    rebalance(1);
    world.workExcept(RearrangePlannerTest::isArriving);
    var old = world.task(arriving().getFirst().getMovedFrom());
    world.fail(old).work();
    assertThat(on("a")).isEqualTo(1);
    assertThat(on("b")).isEqualTo(1);
  }

  @Test
  void nothingIsMovedWhileReplicasAreMissing() {
    lopsided(4);
    var broken = world.slot("web", 1);
    world.fail(broken);
    rebalance(1);
    assertThat(arriving()).isEmpty();
    world.passWorking(Duration.ofSeconds(10));
    assertThat(on("b")).isEqualTo(2);
  }

  @Test
  void anUpdateComesFirst() {
    lopsided(4);
    world.newArgs("web", "new").settle();
    rebalance(1);
    assertThat(arriving()).isEmpty();
    world.passWorking(Duration.ofMinutes(1));
    assertThat(rearrangement().getState())
        .isNotEqualTo(RearrangementState.REARRANGEMENT_STATE_MOVING);
    assertThat(world.running("web")).hasSize(4);
  }

  @Test
  void whatCannotBeMovedInTimeStaysAndIsNamed() {
    lopsided(2);
    world.change(
        ChangeSets.update(
            cluster()
                .setRearrangement(
                    Rearrangements.begun(
                        "r",
                        RearrangementPurpose.REARRANGEMENT_PURPOSE_REBALANCE,
                        SpreadPlan.of(world.state()),
                        List.of(),
                        1,
                        false,
                        world.now()))
                .build()));
    world.availability("b", NodeAvailability.NODE_AVAILABILITY_PAUSE).settle();
    assertThat(arriving()).isEmpty();
    world.passWorking(RearrangePlanner.PATIENCE);
    assertThat(rearrangement().getState())
        .isNotEqualTo(RearrangementState.REARRANGEMENT_STATE_MOVING);
    assertThat(on("a")).isEqualTo(2);
  }

  @Test
  void aNodeThatCameIsUsedByItselfOnceItHasSettled() {
    lopsided(4);
    var changed = cluster();
    changed.getSpecBuilder().getOrchestrationBuilder().setAutoRebalance(true);
    world.change(ChangeSets.update(changed.build()));
    world.nodeState("b", NodeState.NODE_STATE_READY);
    world.passWorking(RearrangePlanner.SETTLED_AFTER.minusMillis(1));
    assertThat(on("b")).isZero();
    world.passWorking(Duration.ofMillis(1));
    assertThat(on("b")).isEqualTo(2);
    assertThat(rearrangement().getAutomatic()).isTrue();
    world.scale("web", 1).work().scale("web", 6).passWorking(Duration.ofHours(1));
    assertThat(rearrangement().getMoveCount()).as("once for each node that came").isEqualTo(2);
  }

  @Test
  void anEphemeralWorkerIsForgottenWhenItHasBeenDownForLongEnough() {
    world.cluster(2).nodes("a", "b");
    world.node("b", node -> node.setSpec(node.getSpec().toBuilder().setEphemeral(true)));
    world.nodeState("a", NodeState.NODE_STATE_DOWN).nodeState("b", NodeState.NODE_STATE_DOWN);
    world.pass(Duration.ofMinutes(10).minusMillis(1));
    assertThat(world.state().node("b")).isNotNull();
    world.pass(Duration.ofMillis(1));
    assertThat(world.state().node("b")).isNull();
    assertThat(world.state().nodes().values()).extracting(Node::getId).containsExactly("a");
  }
}
