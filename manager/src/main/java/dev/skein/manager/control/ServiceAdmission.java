package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.alreadyExists;
import static dev.skein.manager.control.Rejection.exhausted;
import static dev.skein.manager.control.Rejection.invalid;
import static dev.skein.manager.control.Rejection.precondition;

import dev.skein.manager.control.Admission.Admitted;
import dev.skein.manager.plan.Canary;
import dev.skein.manager.plan.Endpoints;
import dev.skein.manager.plan.Jobs;
import dev.skein.proto.v1.AutoscaleStatus;
import dev.skein.proto.v1.CreateServiceRequest;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.RemoveServiceRequest;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.UpdateServiceRequest;
import dev.skein.proto.v1.UpdateState;
import dev.skein.proto.v1.UpdateStatus;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Limits;
import dev.skein.state.Mode;
import dev.skein.state.Revisions;
import dev.skein.state.Times;
import java.time.Instant;

/// What may be done to services. A user's spec is stored as written.
final class ServiceAdmission {
  private final ServiceSpecRules rules;

  ServiceAdmission(ServiceSpecRules rules) {
    this.rules = rules;
  }

  Admitted create(ClusterState state, CreateServiceRequest request, String id, Instant now)
      throws Rejection {
    var spec = request.getSpec();
    rules.check(spec);
    var holder = state.serviceByName(spec.getName());
    if (holder != null) {
      throw alreadyExists(
          "name conflicts with an existing object: service %s already exists",
          holder.getSpec().getName());
    }
    checkPublishedPorts(state, id, spec);
    if (state.services().size() >= Limits.SERVICES) {
      throw exhausted(
          "the cluster has its limit of %d services: remove some first", Limits.SERVICES);
    }
    var created = Service.newBuilder().setId(id).setSpec(spec).setSpecVersion(1);
    if (Mode.of(spec).isJob()) {
      Jobs.begin(created, now);
    }
    return Admitted.of(id, ChangeSets.create(created.build()));
  }

  Admitted update(ClusterState state, UpdateServiceRequest request, Instant now) throws Rejection {
    var service = Lookup.service(state, request.getRef());
    Admission.requireVersion(
        request.hasVersion(), request.getVersion(), service.getSpecIndex(), service.getVersion());
    if (request.getRollback() && !service.hasPreviousSpec()) {
      throw precondition(
          "service %s does not have a previous spec: there is nothing to roll back to",
          service.getSpec().getName());
    }
    if (request.getPromote()) {
      return Admitted.of(service.getId(), ChangeSets.update(promoted(service)));
    }
    var given =
        request.getKeepBeyondDocker()
            ? BeyondDocker.kept(service.getSpec(), request.getSpec())
            : request.getSpec();
    var spec = request.getRollback() ? rollbackSpec(service) : given;
    rules.check(spec);
    checkUnchangeable(service.getSpec(), spec);
    checkReplicas(service.getSpec(), spec);
    checkPublishedPorts(state, service.getId(), spec);
    return Admitted.of(
        service.getId(),
        ChangeSets.update(
            request.getRollback() ? rolledBack(service, spec, now) : updated(service, spec, now)));
  }

  Admitted remove(ClusterState state, RemoveServiceRequest request) throws Rejection {
    var service = Lookup.service(state, request.getRef());
    return Admitted.of(
        service.getId(), ChangeSets.update(service.toBuilder().setPendingDelete(true).build()));
  }

  // ---- Autoscaling

  /// Another number of replicas for a service that is scaled by itself. It is no update: what is
  /// under way goes on, and there is nothing to roll back.
  Admitted autoscale(ClusterState state, Mutation.Autoscale decided) throws Rejection {
    var service = state.service(decided.serviceId());
    if (service == null
        || service.getPendingDelete()
        || !service.getSpec().getAutoscale().equals(decided.spec())
        || Defaults.replicas(service.getSpec()) != decided.from()) {
      throw precondition(
          "service %s is not as it was when it was to be %s",
          decided.serviceId(), decided.message());
    }
    // The rest of the spec was admitted before.
    if (decided.to() < Defaults.autoscaleMin(decided.spec())
        || decided.to() > decided.spec().getMax()) {
      throw invalid(
          "service %s may have %d to %d replicas, not %d",
          service.getSpec().getName(),
          Defaults.autoscaleMin(decided.spec()),
          decided.spec().getMax(),
          decided.to());
    }
    var scaled = service.toBuilder();
    scaled.getSpecBuilder().getModeBuilder().getReplicatedBuilder().setReplicas(decided.to());
    scaled.setAutoscaleStatus(
        AutoscaleStatus.newBuilder()
            .setChangedAt(Times.timestamp(decided.now()))
            .setFrom(decided.from())
            .setTo(decided.to())
            .setMessage(decided.message()));
    return Admitted.of(service.getId(), ChangeSets.update(scaled.build()));
  }

  /// Two must not choose the same number: the user sets the bounds, the leader the replicas.
  private static void checkReplicas(ServiceSpec before, ServiceSpec after) throws Rejection {
    if (before.hasAutoscale()
        && after.hasAutoscale()
        && Defaults.replicas(before) != Defaults.replicas(after)) {
      throw precondition(
          "service %s is scaled by itself between %d and %d replicas and cannot be set to %d: give"
              + " it other bounds by \"service autoscale %s --min N --max N\", or turn that off by"
              + " \"service autoscale %s --off\"",
          before.getName(),
          Defaults.autoscaleMin(before.getAutoscale()),
          before.getAutoscale().getMax(),
          Defaults.replicas(after),
          before.getName(),
          before.getName());
    }
  }

  /// The previous spec; where that is scaled by itself too, with the replicas that are needed now.
  private static ServiceSpec rollbackSpec(Service service) {
    var previous = service.getPreviousSpec();
    if (!previous.hasAutoscale() || !service.getSpec().hasAutoscale()) {
      return previous;
    }
    var spec = previous.toBuilder();
    spec.getModeBuilder().getReplicatedBuilder().setReplicas(Defaults.replicas(service.getSpec()));
    return spec.build();
  }

  private static void checkUnchangeable(ServiceSpec before, ServiceSpec after) throws Rejection {
    if (!before.getName().equals(after.getName())) {
      throw invalid(
          "renaming services is not supported: %s cannot become %s",
          before.getName(), after.getName());
    }
    if (Mode.of(before) != Mode.of(after)) {
      throw invalid(
          "service mode change is not allowed: %s is %s and cannot become %s, because what counts"
              + " as its tasks would change; remove it and create it again",
          before.getName(), Mode.of(before).text(), Mode.of(after).text());
    }
  }

  /// A user's update also takes a paused one up again, so that its status is cleared. While an
  /// update is under way, one that leaves alone what tasks run belongs to it: a rollback goes back
  /// to before both.
  private static Service updated(Service service, ServiceSpec spec, Instant now) {
    var updated = replaced(service, spec, now);
    var sameRevision = updated.getSpecVersion() == service.getSpecVersion();
    if (!(sameRevision && isUnderWay(service) && service.hasPreviousSpec())) {
      updated.setPreviousSpec(service.getSpec()).setPreviousSpecVersion(service.getSpecVersion());
    }
    return updated.clearUpdateStatus().build();
  }

  private static boolean isUnderWay(Service service) {
    return switch (service.getUpdateStatus().getState()) {
      case UPDATE_STATE_UPDATING, UPDATE_STATE_PAUSED, UPDATE_STATE_CANARY -> true;
      case UPDATE_STATE_UNSPECIFIED,
          UPDATE_STATE_COMPLETED,
          UPDATE_STATE_ROLLBACK_STARTED,
          UPDATE_STATE_ROLLBACK_PAUSED,
          UPDATE_STATE_ROLLBACK_COMPLETED,
          UNRECOGNIZED ->
          false;
    };
  }

  private static Service rolledBack(Service service, ServiceSpec spec, Instant now) {
    var rolledBack = replaced(service, spec, now);
    rolledBack.clearPreviousSpec().clearPreviousSpecVersion();
    if (Jobs.isJob(service)) {
      return rolledBack.clearUpdateStatus().build();
    }
    return rolledBack
        .setUpdateStatus(
            UpdateStatus.newBuilder()
                .setState(UpdateState.UPDATE_STATE_ROLLBACK_STARTED)
                .setStartedAt(Times.timestamp(now))
                .setMessage("manually requested rollback"))
        .build();
  }

  /// The present revision's canaries have proven themselves. Also before all of them have been
  /// watched, if the user knows better.
  private static Service promoted(Service service) throws Rejection {
    var state = service.getUpdateStatus().getState();
    var holdsOrWill =
        state == UpdateState.UPDATE_STATE_CANARY || state == UpdateState.UPDATE_STATE_UPDATING;
    if (!holdsOrWill || !Canary.isInForce(service)) {
      throw precondition(
          "service %s has no canaries to promote%s",
          service.getSpec().getName(),
          state == UpdateState.UPDATE_STATE_PAUSED
              ? ": its update is paused; update it again to go on, or roll it back"
              : "; update it with --update-canary");
    }
    var promoted = service.toBuilder().setPromotedVersion(service.getSpecVersion());
    promoted
        .getUpdateStatusBuilder()
        .setState(UpdateState.UPDATE_STATE_UPDATING)
        .setMessage("update promoted");
    return promoted.build();
  }

  /// With another spec, and with another revision if that changes what tasks run; a job without a
  /// schedule then runs again. Revisions only count up, so that what a number means never changes.
  private static Service.Builder replaced(Service service, ServiceSpec spec, Instant now) {
    var replaced = service.toBuilder().setSpec(spec);
    var before = service.getSpec();
    if (!before.getTaskTemplate().equals(spec.getTaskTemplate())
        || !before.getEndpointSpec().equals(spec.getEndpointSpec())) {
      replaced
          .addRevisions(Revisions.current(service))
          .setSpecVersion(service.getSpecVersion() + 1);
    }
    if (Mode.of(spec).isJob()) {
      Jobs.respecify(service, replaced, now);
    }
    return replaced;
  }

  /// An ingress port is one service's in the whole cluster; a host port may be several services',
  /// as long as they do not meet on a node, but never one that is an ingress port. A service that
  /// is being removed gives its ports up as soon as they are drained, so it is no conflict.
  private static void checkPublishedPorts(ClusterState state, String id, ServiceSpec spec)
      throws Rejection {
    for (var port : spec.getEndpointSpec().getPortsList()) {
      if (port.getPublishedPort() == 0) {
        continue;
      }
      for (var other : state.services().values()) {
        if (!other.getId().equals(id) && !other.getPendingDelete()) {
          checkAgainst(port, other);
        }
      }
    }
  }

  private static void checkAgainst(PortConfig port, Service other) throws Rejection {
    for (var taken : other.getSpec().getEndpointSpec().getPortsList()) {
      checkAgainst(port, other, taken);
    }
    for (var taken : other.getEndpoint().getPortsList()) {
      checkAgainst(port, other, taken);
    }
  }

  private static void checkAgainst(PortConfig port, Service other, PortConfig taken)
      throws Rejection {
    var bothOnHosts = Endpoints.isHostMode(port) && Endpoints.isHostMode(taken);
    if (!bothOnHosts
        && port.getPublishedPort() == taken.getPublishedPort()
        && Endpoints.protocol(port) == Endpoints.protocol(taken)) {
      throw invalid(
          "port '%d' is already in use by service '%s' (%s) as %s port: publish another one",
          port.getPublishedPort(),
          other.getSpec().getName(),
          other.getId(),
          Endpoints.isHostMode(taken) ? "a host-published" : "an ingress");
    }
  }
}
