package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;
import static dev.skein.manager.control.Rejection.precondition;

import dev.skein.manager.control.Admission.Admitted;
import dev.skein.manager.rearrange.Rearrangements;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.RearrangeRequest;
import dev.skein.proto.v1.RearrangeResponse;
import dev.skein.proto.v1.RearrangementPurpose;
import dev.skein.proto.v1.RearrangementState;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// What may be done about where replicas are.
final class RearrangeAdmission {
  private RearrangeAdmission() {}

  static Admitted rearrange(ClusterState state, RearrangeRequest request, String id, Instant now)
      throws Rejection {
    var cluster = Lookup.cluster(state);
    if (request.getStop()) {
      return stopped(cluster, now);
    }
    if (Rearrangements.isMoving(cluster)) {
      throw precondition(
          "%d replicas are being moved already: wait until that is done, or end it by"
              + " \"swarm rebalance --stop\"",
          cluster.getRearrangement().getMoveCount());
    }
    if (request.getMaxMoves() < 0 || request.getMaxMoves() > Rearrangements.MOVES_AT_ONCE_MAX) {
      throw invalid(
          "max-moves %s must be between 1 and %d",
          Integer.toUnsignedString(request.getMaxMoves()), Rearrangements.MOVES_AT_ONCE_MAX);
    }
    var proposal = proposal(state, request);
    var changes = new ArrayList<Change>();
    for (var nodeId : proposal.getEmptiedNodeIdsList()) {
      var node = state.node(nodeId);
      if (node != null) {
        // Nothing new may come to a node that is being emptied.
        var paused = node.toBuilder();
        paused.getSpecBuilder().setAvailability(NodeAvailability.NODE_AVAILABILITY_PAUSE);
        changes.add(ChangeSets.update(paused.build()));
      }
    }
    changes.add(
        ChangeSets.update(
            cluster.toBuilder()
                .setRearrangement(
                    Rearrangements.begun(
                        id,
                        request.getPurpose(),
                        proposal.getMovesList(),
                        proposal.getEmptiedNodeIdsList(),
                        Math.max(1, request.getMaxMoves()),
                        false,
                        now))
                .build()));
    return new Admitted(cluster.getId(), changes, List.of());
  }

  private static Admitted stopped(Cluster cluster, Instant now) throws Rejection {
    if (!Rearrangements.isMoving(cluster)) {
      throw precondition("no replicas are being moved: there is nothing to stop");
    }
    var stopped =
        Rearrangements.over(
            cluster.getRearrangement(),
            RearrangementState.REARRANGEMENT_STATE_STOPPED,
            "stopped by a user",
            now);
    return Admitted.of(
        cluster.getId(), ChangeSets.update(cluster.toBuilder().setRearrangement(stopped).build()));
  }

  /// What would be moved.
  static RearrangeResponse proposal(ClusterState state, RearrangeRequest request) throws Rejection {
    var purpose = request.getPurpose();
    if (purpose == RearrangementPurpose.REARRANGEMENT_PURPOSE_UNSPECIFIED
        || purpose == RearrangementPurpose.UNRECOGNIZED) {
      throw invalid(
          "unknown purpose %d of moving replicas: use rebalance or consolidate",
          request.getPurposeValue());
    }
    if (request.getServiceRef().isEmpty()) {
      return Rearrangements.proposal(state, purpose, null);
    }
    if (purpose == RearrangementPurpose.REARRANGEMENT_PURPOSE_CONSOLIDATE) {
      throw invalid(
          "nodes are emptied of all services: name none, not %s", request.getServiceRef());
    }
    return Rearrangements.proposal(state, purpose, Lookup.service(state, request.getServiceRef()));
  }

  /// What was begun under an id; empty when something else was begun since.
  static RearrangeResponse answer(ClusterState state, String id) {
    var cluster = state.cluster();
    var rearrangement = cluster == null ? null : cluster.getRearrangement();
    return rearrangement == null || !rearrangement.getId().equals(id)
        ? RearrangeResponse.newBuilder().setId(id).build()
        : RearrangeResponse.newBuilder()
            .setId(id)
            .addAllMoves(rearrangement.getMovesList())
            .addAllEmptiedNodeIds(rearrangement.getEmptiedNodeIdsList())
            .build();
  }
}
