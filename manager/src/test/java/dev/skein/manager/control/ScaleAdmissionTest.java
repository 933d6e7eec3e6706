package dev.skein.manager.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.Autoscale;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.CreateServiceRequest;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.RearrangeRequest;
import dev.skein.proto.v1.RearrangementPurpose;
import dev.skein.proto.v1.RearrangementState;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.UpdateServiceRequest;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What may be done about how many replicas there are, and where.
class ScaleAdmissionTest {
  private static final Autoscale TWO_TO_FIVE =
      Autoscale.newBuilder().setMin(2).setMax(5).setTargetCpu(70).build();

  private final World world = new World();
  private final Admission admission =
      new Admission(SpecLimits.DEFAULT, List::of, new SecureRandom());

  private List<Change> admitted(Mutation mutation) {
    try {
      return admission.admit(world.state(), mutation).changes();
    } catch (Rejection rejection) {
      throw new AssertionError(rejection.getMessage(), rejection);
    }
  }

  private void done(Mutation mutation) {
    admitted(mutation).forEach(world::change);
  }

  private String refused(Mutation mutation) {
    var messages = new String[1];
    assertThatThrownBy(() -> admission.admit(world.state(), mutation))
        .isInstanceOfSatisfying(
            Rejection.class, rejection -> messages[0] = String.valueOf(rejection.getMessage()));
    return String.valueOf(messages[0]);
  }

  private static ServiceSpec.Builder web() {
    var spec = World.replicated("web", 3);
    spec.getTaskTemplateBuilder()
        .getContainerSpecBuilder()
        .setImage("skein/process")
        .addCommand("web");
    return spec;
  }

  private String refusedSpec(ServiceSpec.Builder spec) {
    return refused(
        new Mutation.CreateService(
            CreateServiceRequest.newBuilder().setSpec(spec).build(), "id", world.now()));
  }

  @Test
  void boundsAndTargetsHaveToBeGiven() {
    assertThat(refusedSpec(web().setAutoscale(TWO_TO_FIVE.toBuilder().setMax(1))))
        .contains("min 2 must be between 0 and max, which is 1");
    assertThat(refusedSpec(web().setAutoscale(TWO_TO_FIVE.toBuilder().clearMax())))
        .contains("max is missing: say how many replicas web may have at most");
    assertThat(refusedSpec(web().setAutoscale(TWO_TO_FIVE.toBuilder().clearTargetCpu())))
        .contains("0 targets given");
    assertThat(refusedSpec(web().setAutoscale(TWO_TO_FIVE.toBuilder().setTargetRps(5))))
        .contains("2 targets given: give one of");
    assertThat(refusedSpec(web().setAutoscale(TWO_TO_FIVE.toBuilder().setTargetCpu(-1))))
        .contains("target -1.0");
  }

  @Test
  void whatCountsConnectionsOrGoesToZeroNeedsAPublishedPort() {
    var connections = TWO_TO_FIVE.toBuilder().clearTargetCpu().setTargetConnections(9);
    assertThat(refusedSpec(web().setAutoscale(connections))).contains("publishes no tcp port");
    assertThat(refusedSpec(web().setAutoscale(TWO_TO_FIVE.toBuilder().setMin(0))))
        .contains("publishes no tcp port");
    var published = web().setAutoscale(connections);
    published.getEndpointSpecBuilder().addPorts(PortConfig.newBuilder().setTargetPort(80));
    assertThat(
            admitted(
                new Mutation.CreateService(
                    CreateServiceRequest.newBuilder().setSpec(published).build(),
                    "id",
                    world.now())))
        .hasSize(1);
  }

  @Test
  void aUserDoesNotSetTheReplicasOfAServiceThatIsScaledByItself() {
    world.create(web().setAutoscale(TWO_TO_FIVE));
    var scaled = world.service("web").getSpec().toBuilder();
    scaled.getModeBuilder().getReplicatedBuilder().setReplicas(4);
    assertThat(refused(update(scaled)))
        .contains("scaled by itself between 2 and 5 replicas and cannot be set to 4")
        .contains("service autoscale web --off");
    assertThat(admitted(update(scaled.clearAutoscale()))).hasSize(1);
  }

  private static Mutation update(ServiceSpec.Builder spec) {
    return new Mutation.UpdateService(
        UpdateServiceRequest.newBuilder().setRef("web").setSpec(spec).build(), new World().now());
  }

  @Test
  void theLeaderSetsThemAndSaysWhyAndNothingElseChanges() {
    world.create(web().setAutoscale(TWO_TO_FIVE)).newArgs("web", "new");
    var before = world.service("web");
    done(new Mutation.Autoscale("web", TWO_TO_FIVE, 3, 5, "scaled because", world.now()));
    var after = world.service("web");
    assertThat(after.getSpec().getMode().getReplicated().getReplicas()).isEqualTo(5);
    assertThat(after.getAutoscaleStatus().getMessage()).isEqualTo("scaled because");
    assertThat(after.getPreviousSpec()).isEqualTo(before.getPreviousSpec());
    assertThat(after.getSpecVersion()).isEqualTo(before.getSpecVersion());
    assertThat(refused(new Mutation.Autoscale("web", TWO_TO_FIVE, 3, 5, "again", world.now())))
        .contains("not as it was");
  }

  @Test
  void aRollbackKeepsTheReplicasThatAreNeededNow() {
    world.create(web().setAutoscale(TWO_TO_FIVE)).newArgs("web", "new");
    done(new Mutation.Autoscale("web", TWO_TO_FIVE, 3, 5, "scaled", world.now()));
    done(
        new Mutation.UpdateService(
            UpdateServiceRequest.newBuilder().setRef("web").setRollback(true).build(),
            world.now()));
    assertThat(world.service("web").getSpec().getMode().getReplicated().getReplicas()).isEqualTo(5);
    assertThat(world.service("web").getSpecVersion()).isEqualTo(3);
  }

  private RearrangeRequest.Builder rebalance() {
    return RearrangeRequest.newBuilder()
        .setPurpose(RearrangementPurpose.REARRANGEMENT_PURPOSE_REBALANCE);
  }

  private Mutation rearrange(RearrangeRequest.Builder request) {
    return new Mutation.Rearrange(request.build(), "r", world.now());
  }

  @Test
  void thereIsOneRearrangementAtATimeAndItCanBeStopped() {
    world.cluster(2).nodes("a").create(web()).work().nodes("b");
    assertThat(refused(rearrange(rebalance().setStop(true)))).contains("nothing to stop");
    done(rearrange(rebalance()));
    assertThat(refused(rearrange(rebalance()))).contains("1 replicas are being moved already");
    done(rearrange(RearrangeRequest.newBuilder().setStop(true)));
    var cluster = world.state().cluster();
    assertThat(cluster == null ? null : cluster.getRearrangement().getState())
        .isEqualTo(RearrangementState.REARRANGEMENT_STATE_STOPPED);
  }

  @Test
  void theLimitOfMovesAtOnceIsNamed() {
    world.cluster(2);
    assertThat(refused(rearrange(rebalance().setMaxMoves(101)))).contains("between 1 and 100");
    assertThat(refused(rearrange(rebalance().setServiceRef("nobody")))).contains("nobody");
    assertThat(refused(rearrange(RearrangeRequest.newBuilder()))).contains("unknown purpose 0");
  }

  @Test
  void consolidationPausesTheNodesThatItEmptiesAndPacksWhatReserves() {
    world.cluster(2).nodes("a", "b", "c");
    for (var name : List.of("one", "two", "three")) {
      var spec = World.replicated(name, 1);
      spec.getTaskTemplateBuilder()
          .getResourcesBuilder()
          .getReservationsBuilder()
          .setMemoryBytes(1_500_000_000L);
      world.create(spec).work();
    }
    done(
        rearrange(
            RearrangeRequest.newBuilder()
                .setPurpose(RearrangementPurpose.REARRANGEMENT_PURPOSE_CONSOLIDATE)));
    assertThat(
            world.state().nodes().values().stream()
                .filter(
                    node ->
                        node.getSpec().getAvailability()
                            == NodeAvailability.NODE_AVAILABILITY_PAUSE))
        .as("two of 1.5 GB fit on 4 GB, three do not")
        .hasSize(1)
        .allSatisfy(
            node -> {
              world.work();
              assertThat(world.state().tasksOfNode(node.getId()))
                  .noneMatch(task -> world.running(task.getServiceId()).contains(task));
            });
    assertThat(List.of("one", "two", "three"))
        .allSatisfy(name -> assertThat(world.running(name)).hasSize(1));
  }

  @Test
  void consolidationKeepsAServiceOnTwoNodesAndWhatReservesNothingWhereItIs() {
    world.cluster(2).nodes("a", "b");
    var spec = World.replicated("web", 2);
    spec.getTaskTemplateBuilder()
        .getResourcesBuilder()
        .getReservationsBuilder()
        .setMemoryBytes(1_000_000L);
    world.create(spec).work();
    assertThat(proposal().getMovesList()).isEmpty();
    assertThat(proposal().getRemarksList())
        .hasSize(2)
        .allMatch(
            remark ->
                remark.getText().matches("web\\.[12] stays, so that its service is on two nodes"));
    world.removeService("web").work();
    world.create(World.replicated("free", 1)).work();
    assertThat(proposal().getRemarksList())
        .anyMatch(remark -> remark.getText().equals("free.1 reserves neither CPU nor memory"));
  }

  private dev.skein.proto.v1.RearrangeResponse proposal() {
    return dev.skein.manager.rearrange.Rearrangements.proposal(
        world.state(), RearrangementPurpose.REARRANGEMENT_PURPOSE_CONSOLIDATE, null);
  }
}
