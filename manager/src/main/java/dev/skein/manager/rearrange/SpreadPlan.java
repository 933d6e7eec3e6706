package dev.skein.manager.rearrange;

import dev.skein.manager.schedule.MoveBoard;
import dev.skein.proto.v1.Move;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.PlacementStrategy;
import dev.skein.proto.v1.Service;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which replicas should move so that each service is spread as a scheduler would spread it now:
/// evenly over the values of each label that it asks for, outermost first, then over nodes; and,
/// where the whole cluster is looked at, so that nodes have equally many tasks where no service is
/// spread worse for it.
///
/// Every move makes the sum of squares of the counts at its level less and none outside of it
/// more, so planning ends, and no prefix of the plan is worse than what was. Pure; lives for one
/// plan.
final class SpreadPlan {
  /// Moves of one plan. More need another one.
  static final int MOVES_MAX = 1_000;

  /// Combinations of nodes that are tried for one move between nodes of different load.
  private static final int TRIES_MAX = 10_000;

  private final ClusterState state;
  private final MoveBoard board;
  private final List<Move> moves = new ArrayList<>();
  private final List<ServiceSpread> spreads = new ArrayList<>();

  private SpreadPlan(ClusterState state) {
    this.state = state;
    this.board = new MoveBoard(state);
  }

  /// For one service.
  static List<Move> of(ClusterState state, Service service) {
    var plan = new SpreadPlan(state);
    plan.spread(service);
    return List.copyOf(plan.moves);
  }

  /// For all services.
  static List<Move> of(ClusterState state) {
    var plan = new SpreadPlan(state);
    for (var service : state.services().values()) {
      plan.spread(service);
    }
    plan.evenOut();
    return List.copyOf(plan.moves);
  }

  private void spread(Service service) {
    var placement = service.getSpec().getTaskTemplate().getPlacement();
    if (!Movable.isMovable(service)
        || Movable.isRolling(service)
        || Defaults.placementStrategy(placement, state.cluster())
            == PlacementStrategy.PLACEMENT_STRATEGY_BINPACK) {
      return;
    }
    var spread = new ServiceSpread(state, board, service);
    spreads.add(spread);
    for (var move = improve(spread); move != null; move = improve(spread)) {
      moves.add(move);
    }
  }

  private @Nullable Move improve(ServiceSpread spread) {
    return moves.size() < MOVES_MAX ? spread.improve() : null;
  }

  /// Evens the number of all tasks out over nodes.
  private void evenOut() {
    var nodes = new ArrayList<Node>();
    for (var node : state.nodes().values()) {
      if (node.getStatus().getState() == NodeState.NODE_STATE_READY
          && node.getSpec().getAvailability() == NodeAvailability.NODE_AVAILABILITY_ACTIVE) {
        nodes.add(node);
      }
    }
    while (moves.size() < MOVES_MAX && evenOutOnce(nodes)) {
      // Each call makes one move.
    }
  }

  private boolean evenOutOnce(List<Node> nodes) {
    var byLoad = new ArrayList<>(nodes);
    byLoad.sort(
        Comparator.comparingInt((Node node) -> board.tasks(node.getId()))
            .thenComparing(Node::getId));
    var tries = 0;
    for (var heavy : byLoad.reversed()) {
      for (var light : byLoad) {
        if (board.tasks(heavy.getId()) - board.tasks(light.getId()) < 2) {
          break;
        }
        for (var spread : spreads) {
          if (++tries > TRIES_MAX) {
            return false;
          }
          var move = spread.moveIfNotWorse(heavy.getId(), light.getId());
          if (move != null) {
            moves.add(move);
            return true;
          }
        }
      }
    }
    return false;
  }
}
