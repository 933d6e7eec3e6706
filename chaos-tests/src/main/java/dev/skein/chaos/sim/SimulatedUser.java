package dev.skein.chaos.sim;

import dev.skein.manager.control.Mutation;
import dev.skein.manager.plan.Jobs;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.FailureAction;
import dev.skein.proto.v1.GlobalJob;
import dev.skein.proto.v1.GlobalMode;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.RearrangeRequest;
import dev.skein.proto.v1.RearrangementPurpose;
import dev.skein.proto.v1.ReplicatedMode;
import dev.skein.proto.v1.RestartCondition;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateOrder;
import dev.skein.proto.v1.UpdateState;
import dev.skein.proto.v1.UpdateStatus;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.IdSource;
import dev.skein.state.Revisions;
import dev.skein.state.Times;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// What users do to a cluster, as the control API proposes it.
final class SimulatedUser {
  private static final int SERVICES_MAX = 6;
  private static final String ZONE = "zone";

  /// Connections that a replica of a service that is scaled by itself should have.
  static final int AUTOSCALE_TARGET = 10;

  private final SimulatedCluster cluster;
  private final Chance chance;
  private final IdSource ids;
  private int count;

  SimulatedUser(SimulatedCluster cluster, Chance chance, IdSource ids) {
    this.cluster = cluster;
    this.chance = chance;
    this.ids = ids;
  }

  private ClusterState state() {
    return cluster.state();
  }

  /// One random operation.
  void act() {
    var services = services(service -> true);
    if (services.size() < 2 || (chance.in(8) && services.size() < SERVICES_MAX)) {
      createService();
      return;
    }
    var service = chance.of(services);
    switch (chance.below(22)) {
      case 0, 1, 2 -> scale(service);
      case 3, 4, 5 -> update(service);
      case 6 -> roll(service);
      case 7 -> resume(service);
      case 8 -> remove(service);
      case 9 -> restoreSomeNode();
      case 10, 11 -> setAvailability();
      case 12 -> label();
      case 13, 14 -> promote(service);
      case 15 -> runAgain(service);
      case 16 -> autoscale(service);
      case 20 -> reschedule(service);
      case 17, 18 -> rearrange(service);
      case 19 -> setSelfCare();
      default -> changeMembership();
    }
  }

  /// Undoes what keeps services from running, so that all of them can come to rest. What lost its
  /// race with another change, or was rolled back since, is for the next call.
  void repair() {
    for (var node : state().nodes().values()) {
      if (node.getSpec().getAvailability() != NodeAvailability.NODE_AVAILABILITY_ACTIVE) {
        setAvailability(node, NodeAvailability.NODE_AVAILABILITY_ACTIVE);
      }
    }
    for (var service : services(SimulatedSchedules::isOften)) {
      respecify(service, SimulatedSchedules.rare(service));
    }
    for (var service : services(each -> fails(each.getSpec().getTaskTemplate()))) {
      var spec = withArgs(service, "repaired-" + count++, true);
      SimulatedDemands.grantWarmUp(spec.getTaskTemplateBuilder());
      update(service, spec.build());
    }
  }

  static boolean fails(TaskSpec spec) {
    var args = spec.getContainerSpec().getArgsList();
    return args.contains(SimulatedWorker.FAILING) || args.contains(SimulatedProcess.SICK);
  }

  /// What an operator does with a paused update whose cause is gone, and with one that waits after
  /// its canaries.
  void resumePaused() {
    services(service -> service.getUpdateStatus().getState() == UpdateState.UPDATE_STATE_CANARY)
        .forEach(this::promote);
    services(
            service ->
                service.getUpdateStatus().getState() == UpdateState.UPDATE_STATE_PAUSED
                    || service.getUpdateStatus().getState()
                        == UpdateState.UPDATE_STATE_ROLLBACK_PAUSED)
        .forEach(this::resume);
  }

  private List<Service> services(Predicate<Service> filter) {
    return state().services().values().stream()
        .filter(service -> !service.getPendingDelete())
        .filter(filter)
        .collect(Collectors.toList());
  }

  // ---- Services

  private void createService() {
    var spec = ServiceSpec.newBuilder().setName("service-" + count++).setTaskTemplate(taskSpec());
    var service = Service.newBuilder().setId(ids.next()).setSpecVersion(1);
    if (chance.in(3)) {
      spec.setMode(jobMode());
      spec.getTaskTemplateBuilder().getContainerSpecBuilder().addArgs(SimulatedWorker.COMPLETING);
      if (chance.in(2)) {
        spec.setSchedule(SimulatedSchedules.some(chance));
      }
      Jobs.begin(service.setSpec(spec), cluster.now());
    } else {
      spec.setMode(mode()).setUpdateConfig(updateConfig()).setRollbackConfig(rolloutConfig());
      if (spec.getMode().hasReplicated() && chance.in(3)) {
        spec.setMaxUnavailable(chance.between(1, 2));
      }
    }
    if (chance.in(2)) {
      spec.getEndpointSpecBuilder().addPorts(port());
    }
    propose(ChangeSets.create(service.setSpec(spec).build()));
  }

  private ServiceMode.Builder jobMode() {
    var mode = ServiceMode.newBuilder();
    if (chance.in(3)) {
      return mode.setGlobalJob(GlobalJob.getDefaultInstance());
    }
    mode.getReplicatedJobBuilder()
        .setTotalCompletions(chance.between(1, 8))
        .setMaxConcurrent(chance.between(1, 3));
    return mode;
  }

  private ServiceMode.Builder mode() {
    return chance.in(4)
        ? ServiceMode.newBuilder().setGlobal(GlobalMode.getDefaultInstance())
        : ServiceMode.newBuilder()
            .setReplicated(ReplicatedMode.newBuilder().setReplicas(chance.between(1, 6)));
  }

  private TaskSpec.Builder taskSpec() {
    var spec = TaskSpec.newBuilder().setRuntime("process").setRestartPolicy(restartPolicy());
    if (chance.in(4)) {
      spec.getResourcesBuilder().getReservationsBuilder().setMemoryBytes(1_000_000_000L);
    }
    if (chance.in(5)) {
      spec.getPlacementBuilder().addConstraints("node.labels.zone==east");
    }
    if (chance.in(6)) {
      spec.getPlacementBuilder().setMaxReplicas(2);
    }
    if (chance.in(10)) {
      spec.getContainerSpecBuilder().addArgs(SimulatedWorker.FAILING);
    }
    SimulatedDemands.add(spec, chance);
    return spec;
  }

  private RestartPolicy.Builder restartPolicy() {
    var policy = RestartPolicy.newBuilder().setDelay(Times.proto(chance.millis(0, 5_000)));
    switch (chance.below(8)) {
      case 0 -> policy.setCondition(RestartCondition.RESTART_CONDITION_NONE);
      case 1 -> policy.setCondition(RestartCondition.RESTART_CONDITION_ON_FAILURE);
      case 2 -> policy.setMaxAttempts(3).setWindow(Times.proto(Duration.ofMinutes(1)));
      default -> {}
    }
    return policy;
  }

  private UpdateConfig.Builder updateConfig() {
    var config = rolloutConfig();
    if (chance.in(4)) {
      config.setCanary(chance.between(1, 2));
    }
    return config;
  }

  private UpdateConfig.Builder rolloutConfig() {
    var config = UpdateConfig.newBuilder();
    if (chance.in(4)) {
      config.setProgressDeadline(Times.proto(chance.millis(20_000, 60_000)));
    }
    return config
        .setParallelism(chance.below(4))
        .setDelay(Times.proto(chance.in(2) ? Duration.ZERO : chance.millis(0, 3_000)))
        .setMonitor(Times.proto(chance.millis(0, 5_000)))
        .setMaxFailureRatio(chance.in(2) ? 0 : 0.3)
        .setFailureAction(
            chance.of(
                List.of(
                    FailureAction.FAILURE_ACTION_PAUSE,
                    FailureAction.FAILURE_ACTION_CONTINUE,
                    FailureAction.FAILURE_ACTION_ROLLBACK)))
        .setOrder(
            chance.in(2)
                ? UpdateOrder.UPDATE_ORDER_START_FIRST
                : UpdateOrder.UPDATE_ORDER_STOP_FIRST);
  }

  private PortConfig.Builder port() {
    var port = PortConfig.newBuilder().setTargetPort(80);
    return switch (chance.below(3)) {
      case 0 -> port;
      case 1 -> port.setPublishedPort(chance.between(8_080, 8_083));
      default ->
          port.setPublishedPort(chance.between(9_000, 9_002))
              .setPublishMode(PublishMode.PUBLISH_MODE_HOST);
    };
  }

  // ---- Where replicas are, and how many

  private void autoscale(Service service) {
    if (!Defaults.isReplicated(service.getSpec())) {
      return;
    }
    var scaled = service.toBuilder();
    if (service.getSpec().hasAutoscale() && chance.in(3)) {
      scaled.getSpecBuilder().clearAutoscale();
    } else {
      var min = chance.below(3);
      scaled
          .getSpecBuilder()
          .getAutoscaleBuilder()
          .setMin(min)
          .setMax(Math.max(1, min + chance.below(5)))
          .setTargetConnections(AUTOSCALE_TARGET)
          .setScaleDownDelay(Times.proto(chance.millis(2_000, 15_000)));
    }
    cluster.load().set(service.getId(), chance.below(8) * AUTOSCALE_TARGET);
    propose(ChangeSets.update(scaled.build()));
  }

  private void rearrange(Service service) {
    var request = RearrangeRequest.newBuilder().setMaxMoves(chance.between(1, 3));
    switch (chance.below(5)) {
      case 0 -> request.setPurpose(RearrangementPurpose.REARRANGEMENT_PURPOSE_CONSOLIDATE);
      case 1 -> request.setStop(true);
      case 2 ->
          request
              .setPurpose(RearrangementPurpose.REARRANGEMENT_PURPOSE_REBALANCE)
              .setServiceRef(service.getId());
      default -> request.setPurpose(RearrangementPurpose.REARRANGEMENT_PURPOSE_REBALANCE);
    }
    cluster.propose(new Mutation.Rearrange(request.build(), ids.next(), cluster.now()));
  }

  /// What the cluster may do by itself.
  private void setSelfCare() {
    var present = state().cluster();
    if (present != null && chance.in(2)) {
      var changed = present.toBuilder();
      changed.getSpecBuilder().getOrchestrationBuilder().setAutoRebalance(chance.in(2));
      propose(ChangeSets.update(changed.build()));
    } else {
      // Removed nodes do not come back, and some have to be left.
      var node = someNode();
      var others =
          state().nodes().values().stream()
              .filter(each -> !each.getId().equals(node.getId()) && !each.getSpec().getEphemeral())
              .count();
      update(
          node.toBuilder()
              .setSpec(
                  node.getSpec().toBuilder()
                      .setEphemeral(others > 2)
                      .setEphemeralAfter(Times.proto(chance.millis(2_000, 20_000))))
              .build());
    }
  }

  private void scale(Service service) {
    if (service.getSpec().getMode().hasReplicatedJob()) {
      var spec = service.getSpec().toBuilder();
      spec.getModeBuilder()
          .getReplicatedJobBuilder()
          .setTotalCompletions(chance.between(Jobs.isScheduled(service) ? 0 : 1, 8));
      respecify(service, spec.build());
    } else if (Defaults.isReplicated(service.getSpec()) && !service.getSpec().hasAutoscale()) {
      var scaled = service.toBuilder();
      scaled
          .getSpecBuilder()
          .getModeBuilder()
          .getReplicatedBuilder()
          .setReplicas(chance.between(0, 8));
      propose(ChangeSets.update(scaled.build()));
    }
  }

  private void update(Service service) {
    var args =
        switch (chance.below(8)) {
          case 0, 1 -> SimulatedWorker.FAILING;
          case 2 -> SimulatedProcess.SICK;
          default -> "args-" + count++;
        };
    update(service, withArgs(service, args, chance.in(2)).build());
  }

  private void update(Service service, ServiceSpec spec) {
    if (!spec.getTaskTemplate().equals(service.getSpec().getTaskTemplate())) {
      propose(ChangeSets.update(revised(service, spec).clearUpdateStatus().build()));
    }
  }

  /// @param forced whether a scheduled job is to run at once
  private ServiceSpec.Builder withArgs(Service service, String args, boolean forced) {
    var spec = service.getSpec().toBuilder();
    var container = spec.getTaskTemplateBuilder().getContainerSpecBuilder();
    container.clearArgs().addArgs(args);
    if (Jobs.isJob(service)) {
      container.addArgs(SimulatedWorker.COMPLETING);
    }
    if (forced && Jobs.isScheduled(service)) {
      var template = spec.getTaskTemplateBuilder();
      template.setForceUpdate(template.getForceUpdate() + 1);
    }
    return spec;
  }

  private Service.Builder revised(Service service, ServiceSpec spec) {
    var revised =
        service.toBuilder()
            .setSpec(spec)
            .setPreviousSpec(service.getSpec())
            .setPreviousSpecVersion(service.getSpecVersion())
            .addRevisions(Revisions.current(service))
            .setSpecVersion(service.getSpecVersion() + 1);
    if (Jobs.isJob(service)) {
      Jobs.respecify(service, revised, cluster.now());
    }
    return revised;
  }

  /// Another spec that leaves alone what tasks run.
  private void respecify(Service job, ServiceSpec spec) {
    var changed = job.toBuilder().setSpec(spec);
    Jobs.respecify(job, changed, cluster.now());
    propose(ChangeSets.update(changed.build()));
  }

  /// Another schedule, or none any more.
  private void reschedule(Service service) {
    if (Jobs.isJob(service)) {
      var spec = service.getSpec().toBuilder();
      respecify(
          service,
          chance.in(4)
              ? spec.clearSchedule().build()
              : spec.setSchedule(SimulatedSchedules.some(chance)).build());
    }
  }

  private void promote(Service service) {
    if (service.getUpdateStatus().getState() == UpdateState.UPDATE_STATE_CANARY) {
      var promoted = service.toBuilder().setPromotedVersion(service.getSpecVersion());
      promoted.getUpdateStatusBuilder().setState(UpdateState.UPDATE_STATE_UPDATING);
      propose(ChangeSets.update(promoted.build()));
    }
  }

  /// Another iteration of the same job, as its schedule would begin it.
  private void runAgain(Service service) {
    if (Jobs.isJob(service) && !Jobs.isScheduled(service)) {
      var again = service.toBuilder();
      Jobs.beginNext(again, cluster.now());
      propose(ChangeSets.update(again.build()));
    }
  }

  private void roll(Service service) {
    if (service.hasPreviousSpec() && !Jobs.isJob(service)) {
      var status =
          UpdateStatus.newBuilder()
              .setState(UpdateState.UPDATE_STATE_ROLLBACK_STARTED)
              .setStartedAt(Times.timestamp(cluster.now()))
              .setMessage("manually requested rollback");
      propose(
          ChangeSets.update(
              revised(service, service.getPreviousSpec()).setUpdateStatus(status).build()));
    }
  }

  private void resume(Service service) {
    propose(ChangeSets.update(service.toBuilder().clearUpdateStatus().build()));
  }

  private void remove(Service service) {
    propose(ChangeSets.update(service.toBuilder().setPendingDelete(true).build()));
  }

  // ---- Nodes

  private Node someNode() {
    return chance.of(List.copyOf(state().nodes().values()));
  }

  private void update(Node node) {
    propose(ChangeSets.update(node));
  }

  private void setAvailability() {
    setAvailability(
        someNode(),
        chance.in(2)
            ? NodeAvailability.NODE_AVAILABILITY_DRAIN
            : NodeAvailability.NODE_AVAILABILITY_PAUSE);
  }

  private void restoreSomeNode() {
    setAvailability(someNode(), NodeAvailability.NODE_AVAILABILITY_ACTIVE);
  }

  private void setAvailability(Node node, NodeAvailability availability) {
    var changed = node.toBuilder();
    changed.getSpecBuilder().setAvailability(availability).clearDrainDeadline();
    if (availability != NodeAvailability.NODE_AVAILABILITY_DRAIN) {
      changed.clearDrainStartedAt();
    } else if (!node.hasDrainStartedAt()) {
      changed.setDrainStartedAt(Times.timestamp(cluster.now()));
    }
    if (chance.in(3)) {
      changed.getSpecBuilder().setDrainDeadline(Times.proto(chance.millis(0, 30_000)));
    }
    update(changed.build());
  }

  private void label() {
    var node = someNode();
    var zone = chance.in(2) ? "east" : "west";
    update(node.toBuilder().setSpec(node.getSpec().toBuilder().putLabels(ZONE, zone)).build());
  }

  private void changeMembership() {
    var down =
        state().nodes().values().stream()
            .filter(node -> node.getStatus().getState() == NodeState.NODE_STATE_DOWN)
            .findFirst();
    if (down.isPresent() && state().nodes().size() > 3) {
      var node = down.get();
      propose(ChangeSets.remove(ObjectKind.OBJECT_KIND_NODE, node.getId(), node.getVersion()));
    } else if (state().nodes().size() < 7) {
      cluster.join();
    }
  }

  private void propose(Change change) {
    cluster.propose(change);
  }
}
