package dev.skein.manager.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.Autoscale;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.PlacementStrategy;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.state.Times;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BeyondDockerTest {

  private static ServiceSpec before() {
    var spec = World.replicated("web", 3).setMaxUnavailable(0);
    spec.setAutoscale(Autoscale.newBuilder().setMax(5).setTargetRps(9));
    spec.getUpdateConfigBuilder().setParallelism(2).setCanary(1);
    spec.getTaskTemplateBuilder()
        .getRestartPolicyBuilder()
        .setMaxDelay(Times.proto(Duration.ofMinutes(1)));
    spec.getTaskTemplateBuilder()
        .getPlacementBuilder()
        .addConstraints("node.role==worker")
        .setStrategy(PlacementStrategy.PLACEMENT_STRATEGY_BINPACK);
    return spec.build();
  }

  /// What Docker's client has read and would send back.
  private static ServiceSpec.Builder asDockerSeesIt(ServiceSpec spec) {
    var seen = spec.toBuilder().clearMaxUnavailable().clearAutoscale();
    seen.getUpdateConfigBuilder().clearCanary();
    seen.getTaskTemplateBuilder().clearRestartPolicy();
    seen.getTaskTemplateBuilder().getPlacementBuilder().clearStrategy();
    return seen;
  }

  @Test
  void whatAClientDoesNotKnowStaysAsItIs() {
    assertThat(BeyondDocker.kept(before(), asDockerSeesIt(before()).build())).isEqualTo(before());
  }

  @Test
  void whatItKnowsAndWhatItSaysAfterAllIsTaken() {
    var given = asDockerSeesIt(before());
    given.setMaxUnavailable(2).clearMode().getModeBuilder().getGlobalBuilder();
    given.getUpdateConfigBuilder().clearParallelism();
    given.getTaskTemplateBuilder().getPlacementBuilder().clearConstraints();

    var kept = BeyondDocker.kept(before(), given.build());
    assertThat(kept.getMaxUnavailable()).isEqualTo(2);
    assertThat(kept.getMode()).isEqualTo(given.getMode());
    assertThat(kept.getUpdateConfig().hasParallelism()).isFalse();
    assertThat(kept.getUpdateConfig().getCanary()).isEqualTo(1);
    assertThat(kept.getTaskTemplate().getPlacement().getConstraintsList()).isEmpty();
  }

  @Test
  void aNodeStaysEphemeral() {
    var before =
        NodeSpec.newBuilder()
            .putLabels("zone", "a")
            .setEphemeral(true)
            .setDrainDeadline(Times.proto(Duration.ZERO))
            .build();
    var kept = BeyondDocker.kept(before, NodeSpec.newBuilder().putLabels("zone", "b").build());
    assertThat(kept).isEqualTo(before.toBuilder().putLabels("zone", "b").build());
  }
}
