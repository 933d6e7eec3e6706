package dev.skein.chaos.sim;

import static dev.skein.chaos.sim.CommitInvariants.require;

import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.ObjectChange;
import dev.skein.state.TaskStates;
import java.util.HashSet;
import org.jspecify.annotations.Nullable;

/// Replicas are moved as the cluster's rearrangement says, never more than so many at once, and
/// none is stopped before the one that takes over runs.
final class MoveInvariant {
  void check(Commit commit) {
    for (var change : commit.changes()) {
      if (change instanceof ObjectChange.OfTask(var before, var after) && after != null) {
        if (before == null && !after.getMovedFrom().isEmpty()) {
          isAskedFor(after, commit.before());
          areNotTooMany(commit.after());
        }
        if (before != null && TaskStates.wantsToRun(before) && !TaskStates.wantsToRun(after)) {
          goesOnlyWhenReplaced(after, commit.after());
        }
      }
    }
  }

  private static void isAskedFor(Task task, ClusterState state) {
    var cluster = state.cluster();
    require(
        cluster != null
            && cluster.getRearrangement().getMovesList().stream()
                .anyMatch(
                    move ->
                        move.getTaskId().equals(task.getMovedFrom())
                            && move.getToNodeId().equals(task.getNodeId())),
        "task %s is moved to %s as task %s, which nobody asked for",
        task.getMovedFrom(),
        task.getNodeId(),
        task.getId());
  }

  private static void areNotTooMany(ClusterState state) {
    var cluster = state.cluster();
    if (cluster == null) {
      return;
    }
    var underWay = new HashSet<String>();
    for (var move : cluster.getRearrangement().getMovesList()) {
      var filling = Lineage.of(state, Slot.numbered(move.getServiceId(), move.getSlot())).filling();
      if (filling.size() > 1 && filling.getLast().getMovedFrom().equals(move.getTaskId())) {
        underWay.add(move.getTaskId());
      }
    }
    require(
        underWay.size() <= Math.max(1, cluster.getRearrangement().getMaxMoves()),
        "%s are moved at once, more than %d",
        underWay,
        cluster.getRearrangement().getMaxMoves());
  }

  private static void goesOnlyWhenReplaced(Task old, ClusterState state) {
    var successor = successor(old, state);
    if (successor == null
        || successor.getStatus().getState() == TaskState.TASK_STATE_RUNNING
        || old.getStatus().getState() != TaskState.TASK_STATE_RUNNING
        || Lineage.isLost(old, state)
        || mayHaveToLeave(old, state)) {
      return;
    }
    throw new Violation(
        "task %s was stopped while %s, which takes over from it, is %s"
            .formatted(old.getId(), successor.getId(), successor.getStatus().getState()));
  }

  private static @Nullable Task successor(Task old, ClusterState state) {
    for (var task : Lineage.of(state, Slot.of(old)).filling()) {
      if (task.getMovedFrom().equals(old.getId())) {
        return task;
      }
    }
    return null;
  }

  /// Its node may be drained, the service given up, or scaled down.
  private static boolean mayHaveToLeave(Task old, ClusterState state) {
    var node = state.node(old.getNodeId());
    var service = state.service(old.getServiceId());
    return node == null
        || service == null
        || service.getPendingDelete()
        || old.getDesiredState() == TaskState.TASK_STATE_REMOVE
        || new ServiceRevisions(service).requirementsOf(old).evicts(node);
  }
}
