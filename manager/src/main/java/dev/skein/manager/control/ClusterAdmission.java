package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;

import dev.skein.manager.ca.JoinToken;
import dev.skein.manager.control.Admission.Admitted;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.PlacementStrategy;
import dev.skein.proto.v1.UpdateClusterRequest;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import java.security.SecureRandom;
import java.time.Duration;

/// What may be done to the cluster as a whole.
final class ClusterAdmission {
  /// Below this, heartbeats of a full cluster would be most of what managers do.
  private static final Duration HEARTBEAT_MIN = Duration.ofMillis(100);

  private final SecureRandom random;

  ClusterAdmission(SecureRandom random) {
    this.random = random;
  }

  Admitted update(ClusterState state, UpdateClusterRequest request) throws Rejection {
    var cluster = Lookup.cluster(state);
    Admission.requireVersion(
        request.hasVersion(),
        request.getVersion(),
        cluster.getVersion().getIndex(),
        cluster.getVersion());
    var updated = cluster.toBuilder();
    if (request.hasSpec()) {
      var spec =
          request.getKeepBeyondDocker()
              ? BeyondDocker.kept(cluster.getSpec(), request.getSpec())
              : request.getSpec();
      check(spec);
      updated.setSpec(spec);
      if (request.getSpec().getName().isEmpty()) {
        updated.getSpecBuilder().setName(cluster.getSpec().getName());
      }
    }
    var digest = cluster.getRootCa().getDigest();
    if (request.getRotateWorkerToken()) {
      updated.getJoinTokensBuilder().setWorker(JoinToken.create(digest, random).toString());
    }
    if (request.getRotateManagerToken()) {
      updated.getJoinTokensBuilder().setManager(JoinToken.create(digest, random).toString());
    }
    return Admitted.of(cluster.getId(), ChangeSets.update(updated.build()));
  }

  static void check(ClusterSpec spec) throws Rejection {
    if (spec.getSerializedSize() > SpecLimits.SPEC_BYTES) {
      throw invalid(
          "the cluster's spec of %d bytes exceeds the limit of %d",
          spec.getSerializedSize(), SpecLimits.SPEC_BYTES);
    }
    ServiceSpecRules.checkLabels("cluster", spec.getLabelsMap());
    var dispatcher = spec.getDispatcher();
    Durations.checkAtLeast(
        "heartbeat period",
        dispatcher.hasHeartbeatPeriod(),
        dispatcher.getHeartbeatPeriod(),
        HEARTBEAT_MIN);
    if (spec.getOrchestration().getPlacementStrategy() == PlacementStrategy.UNRECOGNIZED) {
      throw invalid(
          "unknown placement strategy %d: use spread or binpack",
          spec.getOrchestration().getPlacementStrategyValue());
    }
    var ca = spec.getCaConfig();
    Durations.checkAtLeast(
        "certificate expiry",
        ca.hasNodeCertExpiry(),
        ca.getNodeCertExpiry(),
        Defaults.NODE_CERTIFICATE_EXPIRY_MIN);
    if (spec.getEncryptionConfig().getAutoLockManagers()) {
      throw invalid("autolock is not available: leave it off");
    }
  }
}
