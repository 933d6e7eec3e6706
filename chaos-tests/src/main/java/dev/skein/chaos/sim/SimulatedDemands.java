package dev.skein.chaos.sim;

import dev.skein.proto.v1.DiscreteGenericResource;
import dev.skein.proto.v1.GenericResource;
import dev.skein.proto.v1.NamedGenericResource;
import dev.skein.proto.v1.PlacementStrategy;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.state.Times;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/// What some services ask for beyond the usual: a health check, a restart's back-off, a generic
/// resource, packing.
final class SimulatedDemands {
  /// Its nodes have two of this by name.
  static final String GPU = "gpu";

  private SimulatedDemands() {}

  /// What each node has.
  static List<GenericResource> gpus() {
    return Stream.of("one", "two")
        .map(
            name ->
                GenericResource.newBuilder()
                    .setNamedResourceSpec(
                        NamedGenericResource.newBuilder().setKind(GPU).setValue(name))
                    .build())
        .toList();
  }

  static void add(TaskSpec.Builder spec, Chance chance) {
    if (chance.in(3)) {
      spec.getContainerSpecBuilder()
          .getHealthcheckBuilder()
          .addTest("CMD")
          .addTest("check")
          .setInterval(Times.proto(chance.millis(200, 2_000)))
          .setStartInterval(Times.proto(chance.millis(100, 1_000)))
          .setStartPeriod(Times.proto(chance.millis(0, 4_000)))
          .setRetries(chance.between(2, 4));
      if (chance.in(6)) {
        spec.getContainerSpecBuilder().addArgs(SimulatedProcess.SICK);
      }
    }
    if (chance.in(3)) {
      spec.getRestartPolicyBuilder().setMaxDelay(Times.proto(Duration.ofSeconds(20)));
    }
    if (chance.in(6)) {
      spec.getResourcesBuilder()
          .getReservationsBuilder()
          .addGenericResources(
              GenericResource.newBuilder()
                  .setDiscreteResourceSpec(
                      DiscreteGenericResource.newBuilder().setKind(GPU).setValue(1)));
    }
    if (chance.in(4)) {
      spec.getPlacementBuilder().setStrategy(PlacementStrategy.PLACEMENT_STRATEGY_BINPACK);
    }
  }

  /// Lets a task have the time to become healthy that its process may take. A health check of less
  /// patience fails every second task, so that an update of many never succeeds as a whole.
  static void grantWarmUp(TaskSpec.Builder spec) {
    if (spec.getContainerSpec().hasHealthcheck()) {
      spec.getContainerSpecBuilder()
          .getHealthcheckBuilder()
          .setStartPeriod(Times.proto(SimulatedProcess.WARM_UP_MAX));
    }
  }
}
