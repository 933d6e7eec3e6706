package dev.skein.manager.update;

import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.FailureAction;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateState;
import dev.skein.proto.v1.UpdateStatus;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CanaryTest {
  private static final Duration LONG = Duration.ofHours(1);

  private final World world = new World();

  @BeforeEach
  void aServiceOfFive() {
    create(UpdateConfig.newBuilder().setCanary(2));
  }

  private void create(UpdateConfig.Builder config) {
    if (world.state().service("web") != null) {
      world.removeService("web").work();
    }
    if (world.state().nodes().isEmpty()) {
      world.nodes("a", "b");
    }
    world.create(replicated("web", 5).setUpdateConfig(config)).work();
  }

  private UpdateStatus status() {
    return world.service("web").getUpdateStatus();
  }

  private static boolean isNew(Task task) {
    return task.getSpecVersion() == 2;
  }

  @Test
  void anUpdateHoldsAfterItsCanariesUntilItIsPromoted() {
    world.newArgs("web", "new").passWorking(LONG);
    assertThat(world.at("web", 2)).hasSize(2);
    assertThat(world.at("web", 1)).hasSize(3);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_CANARY);
    assertThat(status().getMessage())
        .isEqualTo(
            "2 of 5 replicas run the new version; the update waits to be promoted or rolled back");
    world.promote("web").passWorking(LONG);
    assertThat(world.at("web", 2)).hasSize(5);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
  }

  @Test
  void theHoldBeginsWhenTheCanariesHaveBeenWatched() {
    world.newArgs("web", "new").work();
    world.passWorking(Duration.ofSeconds(5).minusMillis(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_UPDATING);
    world.passWorking(Duration.ofMillis(1));
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_CANARY);
  }

  @Test
  void theHoldSurvivesAChangeOfLeader() {
    world.newArgs("web", "new").passWorking(LONG).changeLeader().passWorking(LONG);
    assertThat(world.at("web", 2)).hasSize(2);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_CANARY);
  }

  @Test
  void aCanaryThatFailsLongAfterwardsIsStillAFailureOfTheUpdate() {
    world.newArgs("web", "new").passWorking(LONG);
    world.fail(world.at("web", 2).getFirst()).passWorking(LONG);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_PAUSED);
    assertThat(world.at("web", 1)).hasSize(3);
  }

  @Test
  void aFailedCanaryIsRolledBackWhereThatIsTheFailureAction() {
    create(
        UpdateConfig.newBuilder()
            .setCanary(2)
            .setMaxFailureRatio(0.4)
            .setFailureAction(FailureAction.FAILURE_ACTION_ROLLBACK));
    world.newArgs("web", "bad").workExcept(CanaryTest::isNew);
    // One of two canaries is more than four in ten, though it is one of five replicas.
    world.fail(world.at("web", 2).getFirst()).passWorking(LONG);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_ROLLBACK_COMPLETED);
    assertThat(world.running("web")).hasSize(5).noneMatch(CanaryTest::isNew);
  }

  @Test
  void replicasAddedDuringTheHoldAreNoCanaries() {
    world.newArgs("web", "new").passWorking(LONG).scale("web", 8).passWorking(LONG);
    assertThat(world.at("web", 2)).hasSize(2);
    assertThat(world.at("web", 1)).hasSize(6);
    world.promote("web").passWorking(LONG);
    assertThat(world.at("web", 2)).hasSize(8);
  }

  @Test
  void anUpdateThatChangesNothingThatTasksRunHoldsAgain() {
    world.newArgs("web", "new").passWorking(LONG);
    world.update("web", spec -> spec.putLabels("team", "x")).passWorking(LONG);
    assertThat(world.at("web", 2)).hasSize(2);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_CANARY);
  }

  @Test
  void theNextUpdateHasItsOwnCanaries() {
    world.newArgs("web", "new").passWorking(LONG).promote("web").passWorking(LONG);
    world.newArgs("web", "newer").passWorking(LONG);
    assertThat(world.at("web", 3)).hasSize(2);
  }

  @Test
  void moreCanariesThanReplicasIsAnOrdinaryUpdate() {
    create(UpdateConfig.newBuilder().setCanary(9));
    world.newArgs("web", "new").passWorking(LONG);
    assertThat(world.at("web", 2)).hasSize(5);
    assertThat(status().getState()).isEqualTo(UpdateState.UPDATE_STATE_COMPLETED);
  }
}
