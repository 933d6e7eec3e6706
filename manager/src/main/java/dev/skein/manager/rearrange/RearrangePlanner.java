package dev.skein.manager.rearrange;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.DirtyKey;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.plan.TaskFactory;
import dev.skein.manager.schedule.MoveBoard;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Move;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Rearrangement;
import dev.skein.proto.v1.RearrangementPurpose;
import dev.skein.proto.v1.RearrangementState;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.IdSource;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Carries the cluster's rearrangement out: so many moves at once, in order, a healthy replacement
/// on the other node first, whatever the service's update order is; the restart planner stops the
/// old task once the new one runs. A move that is of no more use when its turn comes is left out,
/// and one that fails ends the whole: the old task has run on all the while.
///
/// Begins one by itself, where the cluster wants that, when a node has joined or returned.
///
/// All it knows is in the state: the moves, the tasks that take over from others, and when what
/// began. It runs before the restart planner, which would otherwise replace what it gives up.
public final class RearrangePlanner implements Planner {
  /// How long a replacement may take until it runs, and how long it may be impossible to move
  /// anything.
  public static final Duration PATIENCE = Duration.ofMinutes(10);

  /// How long a node has to stay ready before replicas are moved to it.
  public static final Duration SETTLED_AFTER = Duration.ofSeconds(30);

  private static final int AUTOMATIC_MOVES_AT_ONCE = 1;

  private final TaskFactory tasks;
  private final IdSource ids;

  /// @param ids for rearrangements that the cluster begins by itself
  public RearrangePlanner(TaskFactory tasks, IdSource ids) {
    this.tasks = tasks;
    this.ids = ids;
  }

  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    var round = new Round(state, now);
    var lineages = dirty.lineages(state);
    for (var slot : dirty.slotsTouched(state)) {
      round.lookAtMove(slot, lineages.of(slot));
    }
    var cluster = state.cluster();
    if (cluster != null && Rearrangements.isMoving(cluster)) {
      round.goOn(cluster);
    } else if (cluster != null
        && cluster.getSpec().getOrchestration().getAutoRebalance()
        && (dirty.cluster() || !dirty.nodes().isEmpty())) {
      round.beginWhereNodesCame(cluster);
    }
    return round.plan.build();
  }

  private final class Round {
    private final ClusterState state;
    private final Instant now;
    private final MoveBoard board;
    private final Plan.Builder plan = Plan.builder();
    // What went wrong with moves, by the id of the task that was to be moved.
    private final Map<String, String> failed = new HashMap<>();

    Round(ClusterState state, Instant now) {
      this.state = state;
      this.now = now;
      this.board = new MoveBoard(state);
    }

    // ---- One move

    /// Gives a move up that cannot succeed any more, or not in time.
    void lookAtMove(Slot slot, Lineage lineage) {
      var filling = lineage.filling();
      var last = filling.isEmpty() ? null : filling.getLast();
      if (last == null
          || last.getMovedFrom().isEmpty()
          || last.getStatus().getState() == TaskState.TASK_STATE_RUNNING) {
        return;
      }
      if (filling.stream().noneMatch(task -> isMovedBy(last, task) && isWell(task))) {
        // There is nobody left to take over from. A new task may go to any node, not just to this
        // one's.
        if (Lineage.wasNeverAssigned(last)) {
          plan.desire(last, TaskState.TASK_STATE_SHUTDOWN);
        }
        return;
      }
      var deadline = Times.instant(last.getCreatedAt()).plus(PATIENCE);
      var why = whyHopeless(last, deadline);
      if (why == null) {
        plan.wake(new DirtyKey.OfSlot(slot), deadline);
      } else {
        plan.desire(last, TaskState.TASK_STATE_SHUTDOWN);
        failed.put(last.getMovedFrom(), why);
      }
    }

    private boolean isMovedBy(Task successor, Task task) {
      return task.getId().equals(successor.getMovedFrom());
    }

    private boolean isWell(Task task) {
      return task.getStatus().getState() == TaskState.TASK_STATE_RUNNING
          && !Lineage.isLost(task, state);
    }

    private @Nullable String whyHopeless(Task successor, Instant deadline) {
      var status = successor.getStatus();
      if (TaskStates.isTerminal(status.getState())) {
        return status.getErr().isEmpty() ? "it ended early" : status.getErr();
      }
      if (Lineage.isLost(successor, state)) {
        return "its node is down";
      }
      var node = state.node(successor.getNodeId());
      var revisions = board.revisions(successor.getServiceId());
      if (node != null && revisions != null && revisions.requirementsOf(successor).evicts(node)) {
        return "its node is drained, or may not run it any more";
      }
      return now.isBefore(deadline)
          ? null
          : "it did not run within " + PATIENCE.toMinutes() + " minutes";
    }

    // ---- All of them

    /// Begins as many moves as may be under way, and ends the rearrangement when none is left.
    void goOn(Cluster cluster) {
      var progress = new Progress(cluster.getRearrangement());
      progress.read();
      if (progress.failure != null) {
        end(cluster, RearrangementState.REARRANGEMENT_STATE_STOPPED, progress.failure);
        return;
      }
      progress.beginNext();
      if (progress.underWay > 0) {
        return;
      }
      if (progress.blocked == null) {
        end(cluster, RearrangementState.REARRANGEMENT_STATE_COMPLETED, progress.result());
        return;
      }
      var deadline = progress.lastProgress.plus(PATIENCE);
      if (now.isBefore(deadline)) {
        plan.wake(new DirtyKey.OfSlot(slot(progress.blocked)), deadline);
      } else {
        end(
            cluster,
            RearrangementState.REARRANGEMENT_STATE_STOPPED,
            progress.result() + "; " + name(progress.blocked) + " stays: " + progress.obstacle);
      }
    }

    private void end(Cluster cluster, RearrangementState how, String message) {
      plan.update(
          cluster.toBuilder()
              .setRearrangement(Rearrangements.over(cluster.getRearrangement(), how, message, now))
              .build());
    }

    private Slot slot(Move move) {
      return Slot.numbered(move.getServiceId(), move.getSlot());
    }

    private String name(Move move) {
      var service = state.service(move.getServiceId());
      return (service == null ? move.getServiceId() : service.getSpec().getName())
          + "."
          + move.getSlot();
    }

    /// How far a rearrangement has come, read off the tasks.
    private final class Progress {
      private final Rearrangement rearrangement;
      private final List<Move> toDo = new ArrayList<>();
      private final Map<String, Long> missing = new HashMap<>();
      private int moved;
      private int underWay;
      private Instant lastProgress;
      private @Nullable String failure;
      private @Nullable Move blocked;
      private String obstacle = "";

      Progress(Rearrangement rearrangement) {
        this.rearrangement = rearrangement;
        this.lastProgress = Times.instant(rearrangement.getStartedAt());
      }

      void read() {
        for (var move : rearrangement.getMovesList()) {
          var filling = Lineage.of(state, slot(move)).filling();
          var last = filling.isEmpty() ? null : filling.getLast();
          var why = failed.get(move.getTaskId());
          if (why != null) {
            failure = failure(move, why);
          } else if (last != null && last.getMovedFrom().equals(move.getTaskId())) {
            if (filling.size() > 1) {
              underWay++;
            } else if (last.getStatus().getState() == TaskState.TASK_STATE_RUNNING) {
              moved++;
              var since = Times.instant(last.getRunningSince());
              lastProgress = since.isAfter(lastProgress) ? since : lastProgress;
            }
          } else if (last != null
              && last.getId().equals(move.getTaskId())
              && Movable.isMovable(last, state)) {
            toDo.add(move);
          }
        }
      }

      private String failure(Move move, String why) {
        var node = state.node(move.getToNodeId());
        return "stopped because the new task of %s on node %s failed: %s; %s"
            .formatted(
                name(move),
                node == null ? move.getToNodeId() : node.getDescription().getHostname(),
                why,
                result());
      }

      String result() {
        return "%d of %d replicas moved".formatted(moved, rearrangement.getMoveCount());
      }

      void beginNext() {
        for (var move : toDo) {
          if (underWay >= Math.max(1, rearrangement.getMaxMoves())) {
            return;
          }
          var task = state.task(move.getTaskId());
          if (task == null || isPointless(move)) {
            continue;
          }
          var hindered = obstacle(move, task);
          if (hindered == null) {
            begin(move, task);
          } else if (blocked == null) {
            blocked = move;
            obstacle = hindered;
          }
        }
      }

      /// Whether the cluster has changed so that the move would now spread the service worse.
      private boolean isPointless(Move move) {
        var service = state.service(move.getServiceId());
        return service == null
            || (rearrangement.getPurpose() == RearrangementPurpose.REARRANGEMENT_PURPOSE_REBALANCE
                && !new ServiceSpread(state, board, service)
                    .isNoWorse(move.getFromNodeId(), move.getToNodeId()));
      }

      /// A service that misses replicas, or is being updated, has no other trouble to spare.
      private @Nullable String obstacle(Move move, Task task) {
        var service = state.service(move.getServiceId());
        var revisions = board.revisions(move.getServiceId());
        var node = state.node(move.getToNodeId());
        if (service == null || revisions == null || !revisions.has(task)) {
          return "it runs what its service does not know any more";
        }
        if (Movable.isRolling(service)) {
          return "its service is being updated";
        }
        if (missing.computeIfAbsent(service.getId(), id -> Movable.missing(service, state)) > 0) {
          return "not all replicas of its service run";
        }
        return node != null && board.mayTake(node, task)
            ? null
            : "the node that it was to go to cannot take it now";
      }

      private void begin(Move move, Task task) {
        var service = state.service(move.getServiceId());
        if (service == null) {
          return;
        }
        var successor =
            tasks
                .create(
                    service, slot(move), task.getSpecVersion(), TaskState.TASK_STATE_RUNNING, now)
                .setNodeId(move.getToNodeId())
                .setMovedFrom(task.getId())
                .setRestarts(task.getRestarts())
                .setRestartStreak(task.getRestartStreak());
        if (task.hasRestartWindowStart()) {
          successor.setRestartWindowStart(task.getRestartWindowStart());
        }
        plan.create(successor.build());
        board.add(task, move.getToNodeId());
        underWay++;
      }
    }

    // ---- By itself

    /// Looks once at each node that has been ready for long enough since the last rearrangement.
    void beginWhereNodesCame(Cluster cluster) {
      var last = Times.instant(cluster.getRearrangement().getStartedAt());
      var came = false;
      for (var node : state.nodes().values()) {
        var since = Times.instant(node.getStatus().getSince());
        if (isUsable(node) && since.isAfter(last)) {
          var settled = since.plus(SETTLED_AFTER);
          if (now.isBefore(settled)) {
            plan.wake(new DirtyKey.OfNode(node.getId()), settled);
          } else {
            came = true;
          }
        }
      }
      if (came) {
        plan.update(
            cluster.toBuilder()
                .setRearrangement(
                    Rearrangements.begun(
                        ids.next(),
                        RearrangementPurpose.REARRANGEMENT_PURPOSE_REBALANCE,
                        SpreadPlan.of(state),
                        List.of(),
                        AUTOMATIC_MOVES_AT_ONCE,
                        true,
                        now))
                .build());
      }
    }

    private static boolean isUsable(Node node) {
      return node.getStatus().getState() == NodeState.NODE_STATE_READY
          && node.getSpec().getAvailability() == NodeAvailability.NODE_AVAILABILITY_ACTIVE;
    }
  }
}
