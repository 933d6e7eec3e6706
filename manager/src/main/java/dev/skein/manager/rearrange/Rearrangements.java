package dev.skein.manager.rearrange;

import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Move;
import dev.skein.proto.v1.RearrangeResponse;
import dev.skein.proto.v1.Rearrangement;
import dev.skein.proto.v1.RearrangementPurpose;
import dev.skein.proto.v1.RearrangementState;
import dev.skein.proto.v1.Service;
import dev.skein.state.ClusterState;
import dev.skein.state.Times;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a rearrangement would do, and how one begins and ends. Pure.
public final class Rearrangements {
  /// Replicas that may be on their way at once.
  public static final int MOVES_AT_ONCE_MAX = 100;

  private Rearrangements() {}

  /// What would be moved now.
  ///
  /// @param service only this one's replicas; null for all services
  public static RearrangeResponse proposal(
      ClusterState state, RearrangementPurpose purpose, @Nullable Service service) {
    if (purpose == RearrangementPurpose.REARRANGEMENT_PURPOSE_CONSOLIDATE) {
      var plan = ConsolidatePlan.of(state);
      return RearrangeResponse.newBuilder()
          .addAllMoves(plan.moves())
          .addAllEmptiedNodeIds(plan.emptied())
          .addAllRemarks(plan.remarks())
          .build();
    }
    var moves = service == null ? SpreadPlan.of(state) : SpreadPlan.of(state, service);
    return RearrangeResponse.newBuilder().addAllMoves(moves).build();
  }

  /// Whether replicas are being moved.
  public static boolean isMoving(Cluster cluster) {
    return cluster.getRearrangement().getState() == RearrangementState.REARRANGEMENT_STATE_MOVING;
  }

  /// A rearrangement that begins; over at once when there is nothing to move.
  public static Rearrangement begun(
      String id,
      RearrangementPurpose purpose,
      List<Move> moves,
      List<String> emptied,
      int maxMoves,
      boolean automatic,
      Instant now) {
    var begun =
        Rearrangement.newBuilder()
            .setId(id)
            .setPurpose(purpose)
            .setState(RearrangementState.REARRANGEMENT_STATE_MOVING)
            .setStartedAt(Times.timestamp(now))
            .setMaxMoves(maxMoves)
            .addAllMoves(moves)
            .setMoveCount(moves.size())
            .addAllEmptiedNodeIds(emptied)
            .setAutomatic(automatic)
            .build();
    return moves.isEmpty()
        ? over(begun, RearrangementState.REARRANGEMENT_STATE_COMPLETED, "nothing to move", now)
        : begun;
  }

  /// A rearrangement that ends. Replicas that are on their way arrive all the same.
  ///
  /// @param message what came of it
  public static Rearrangement over(
      Rearrangement rearrangement, RearrangementState how, String message, Instant now) {
    return rearrangement.toBuilder()
        .setState(how)
        .setCompletedAt(Times.timestamp(now))
        .setMessage(message)
        .clearMoves()
        .build();
  }
}
