package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;
import static dev.skein.manager.control.Rejection.precondition;

import dev.skein.manager.control.Admission.Admitted;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.RemoveNodeRequest;
import dev.skein.proto.v1.UpdateNodeRequest;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.Times;
import dev.skein.state.ratis.PeerStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/// What may be done to nodes. Guards the managers' quorum.
final class NodeAdmission {
  /// A node whose machine starts anew must not be forgotten meanwhile.
  private static final Duration EPHEMERAL_AFTER_MIN = Duration.ofSeconds(1);

  private final Supplier<List<PeerStatus>> peers;

  NodeAdmission(Supplier<List<PeerStatus>> peers) {
    this.peers = peers;
  }

  Admitted update(ClusterState state, UpdateNodeRequest request, Instant now) throws Rejection {
    var node = Lookup.node(state, request.getRef());
    Admission.requireVersion(
        request.hasVersion(), request.getVersion(), node.getSpecIndex(), node.getVersion());
    var spec =
        request.getKeepBeyondDocker()
            ? BeyondDocker.kept(node.getSpec(), request.getSpec())
            : request.getSpec();
    check(spec);
    if (node.getSpec().getRole() == NodeRole.NODE_ROLE_MANAGER
        && spec.getRole() == NodeRole.NODE_ROLE_WORKER) {
      checkDemotion(state, node);
    }
    return Admitted.of(node.getId(), ChangeSets.update(updated(node, spec, now)));
  }

  /// The time of a drain's deadline runs from when it was asked for.
  private static Node updated(Node node, NodeSpec spec, Instant now) {
    var updated = node.toBuilder().setSpec(spec);
    if (spec.getAvailability() != NodeAvailability.NODE_AVAILABILITY_DRAIN) {
      updated.clearDrainStartedAt();
    } else if (!node.hasDrainStartedAt()) {
      updated.setDrainStartedAt(Times.timestamp(now));
    }
    return updated.build();
  }

  Admitted remove(ClusterState state, RemoveNodeRequest request) throws Rejection {
    var node = Lookup.node(state, request.getRef());
    if (node.hasManagerStatus() || node.getSpec().getRole() == NodeRole.NODE_ROLE_MANAGER) {
      throw precondition(
          "node %s is a cluster manager and is a member of the raft cluster. It must be demoted to"
              + " worker before removal",
          node.getId());
    }
    if (!request.getForce() && node.getStatus().getState() != NodeState.NODE_STATE_DOWN) {
      throw precondition(
          "node %s is not down and can't be removed: make it leave the swarm first, or use --force",
          node.getId());
    }
    return Admitted.of(
        node.getId(),
        ChangeSets.remove(ObjectKind.OBJECT_KIND_NODE, node.getId(), node.getVersion()));
  }

  static void check(NodeSpec spec) throws Rejection {
    if (spec.getSerializedSize() > SpecLimits.SPEC_BYTES) {
      throw invalid(
          "the node's spec of %d bytes exceeds the limit of %d",
          spec.getSerializedSize(), SpecLimits.SPEC_BYTES);
    }
    ServiceSpecRules.checkLabels("node", spec.getLabelsMap());
    if (spec.getName().length() > SpecLimits.NAME_CHARACTERS) {
      throw invalid(
          "node name '%s' has more than %d characters", spec.getName(), SpecLimits.NAME_CHARACTERS);
    }
    if (spec.getRole() == NodeRole.NODE_ROLE_UNSPECIFIED
        || spec.getRole() == NodeRole.UNRECOGNIZED) {
      throw invalid("invalid role %d: use worker or manager", spec.getRoleValue());
    }
    if (spec.getAvailability() == NodeAvailability.NODE_AVAILABILITY_UNSPECIFIED
        || spec.getAvailability() == NodeAvailability.UNRECOGNIZED) {
      throw invalid(
          "invalid availability %d: use active, pause or drain", spec.getAvailabilityValue());
    }
    Durations.checkAtLeast(
        "ephemeral-after", spec.hasEphemeralAfter(), spec.getEphemeralAfter(), EPHEMERAL_AFTER_MIN);
    if (spec.getEphemeral() && spec.getRole() == NodeRole.NODE_ROLE_MANAGER) {
      throw invalid(
          "a manager cannot be ephemeral, because it counts for the quorum: join as a worker, or"
              + " leave --ephemeral out");
    }
    Durations.check("drain-deadline", spec.hasDrainDeadline(), spec.getDrainDeadline());
  }

  private void checkDemotion(ClusterState state, Node node) throws Rejection {
    var others =
        state.nodes().values().stream()
            .filter(other -> !other.getId().equals(node.getId()))
            .filter(other -> other.getSpec().getRole() == NodeRole.NODE_ROLE_MANAGER)
            .filter(Node::hasManagerStatus)
            .count();
    if (others == 0) {
      throw precondition(
          "attempting to demote the last manager of the swarm: promote another node first");
    }
    var raftId = node.getManagerStatus().getRaftId();
    var remaining =
        peers.get().stream().filter(peer -> !peer.member().id().equals(raftId)).toList();
    var reachable =
        remaining.stream().filter(peer -> !Boolean.FALSE.equals(peer.reachable())).count();
    if (!remaining.isEmpty() && reachable < remaining.size() / 2 + 1) {
      throw precondition(
          "can't remove member from the raft: this would result in a loss of quorum: only %d of the"
              + " other %d managers can be reached; bring them back first",
          reachable, remaining.size());
    }
  }
}
