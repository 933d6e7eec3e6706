package dev.skein.manager.reap;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.DirtyKey;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Slot;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateState;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Forgets what is over: tasks that were to be removed and have stopped, history beyond its
/// limit, revisions that no task runs, services that were to be removed with the last of their
/// tasks. Tasks whose node is gone for good are ORPHANED.
public final class ReapPlanner implements Planner {
  /// How long a node is down before its tasks are given up. SwarmKit's value.
  public static final Duration ORPHAN_AFTER = Duration.ofHours(24);

  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    var round = new Round(state, now);
    for (var id : dirty.nodes()) {
      round.reapNode(id);
    }
    var lineages = dirty.lineages(state);
    for (var slot : slotsToReap(state, dirty)) {
      round.reapSlot(slot, lineages.of(slot));
    }
    for (var id : round.servicesToReap(dirty)) {
      var service = state.service(id);
      if (service != null) {
        round.reapService(service);
      }
    }
    return round.plan.build();
  }

  /// A cluster's history limit concerns all slots, the end of a service's update all of its own.
  private static Set<Slot> slotsToReap(ClusterState state, Dirty dirty) {
    if (dirty.everything()) {
      return places(dirty.slots());
    }
    if (dirty.cluster()) {
      return places(Dirty.everythingIn(state).slots());
    }
    var slots = places(dirty.slotsTouched(state));
    for (var id : dirty.services()) {
      for (var task : state.tasksOfService(id)) {
        slots.add(Slot.of(task).place());
      }
    }
    return slots;
  }

  /// The iterations of a job have their history in common.
  private static Set<Slot> places(Set<Slot> slots) {
    var places = LinkedHashSet.<Slot>newLinkedHashSet(slots.size());
    slots.forEach(slot -> places.add(slot.place()));
    return places;
  }

  private static final class Round {
    private final ClusterState state;
    private final Instant now;
    private final long history;
    private final Plan.Builder plan = Plan.builder();
    private final Set<String> removed = new HashSet<>();
    private final Map<String, Integer> removedOfService = new HashMap<>();

    Round(ClusterState state, Instant now) {
      this.state = state;
      this.now = now;
      var cluster = state.cluster();
      this.history = cluster == null ? Defaults.TASK_HISTORY : Defaults.taskHistory(cluster);
    }

    /// Looks at a node that is down again when it has been for long enough: an ephemeral one is
    /// then removed, which gives its tasks up as well.
    void reapNode(String id) {
      var node = state.node(id);
      if (node == null || !Lineage.isDown(node)) {
        return;
      }
      if (isEphemeral(node) && !now.isBefore(removeAt(node))) {
        plan.remove(node);
        return;
      }
      if (now.isBefore(orphanAt(node))) {
        plan.wake(new DirtyKey.OfNode(id), orphanAt(node));
      }
      if (isEphemeral(node)) {
        plan.wake(new DirtyKey.OfNode(id), removeAt(node));
      }
    }

    /// A manager is never removed: it counts for the quorum until somebody demotes it.
    private static boolean isEphemeral(Node node) {
      return node.getSpec().getEphemeral()
          && !node.hasManagerStatus()
          && node.getSpec().getRole() != NodeRole.NODE_ROLE_MANAGER;
    }

    private static Instant removeAt(Node node) {
      return Times.instant(node.getStatus().getSince())
          .plus(Defaults.ephemeralAfter(node.getSpec()));
    }

    private static Instant orphanAt(Node node) {
      return Times.instant(node.getStatus().getSince()).plus(ORPHAN_AFTER);
    }

    void reapSlot(Slot slot, Lineage lineage) {
      var kept = lineage.tasks().size();
      for (var task : lineage.tasks()) {
        if (isToForget(task)) {
          remove(task);
          kept--;
        } else {
          orphanIfGivenUp(task);
        }
      }
      var limit = historyLimit(state.service(slot.serviceId()));
      for (var task : lineage.tasks()) {
        if (kept > limit && isHistory(task) && !removed.contains(task.getId())) {
          remove(task);
          kept--;
        }
      }
    }

    /// While an update goes on, how a task of it ended is still evidence.
    private long historyLimit(@Nullable Service service) {
      if (history < 0) {
        return Long.MAX_VALUE;
      }
      return service != null && isUpdating(service) ? Math.max(history, 2) : history;
    }

    private static boolean isUpdating(Service service) {
      var state = service.getUpdateStatus().getState();
      return state == UpdateState.UPDATE_STATE_UPDATING
          || state == UpdateState.UPDATE_STATE_CANARY
          || state == UpdateState.UPDATE_STATE_ROLLBACK_STARTED;
    }

    /// A task that no node has, or that is to be removed and has stopped as far as one can know,
    /// is no history.
    private boolean isToForget(Task task) {
      if (TaskStates.wantsToRun(task)) {
        return false;
      }
      return Lineage.wasNeverAssigned(task)
          || (task.getDesiredState() == TaskState.TASK_STATE_REMOVE
              && !Lineage.mayStillRun(task, state));
    }

    private static boolean isHistory(Task task) {
      return !TaskStates.wantsToRun(task) && TaskStates.isTerminal(task.getStatus().getState());
    }

    private void orphanIfGivenUp(Task task) {
      if (task.getNodeId().isEmpty() || TaskStates.isTerminal(task.getStatus().getState())) {
        return;
      }
      var node = state.node(task.getNodeId());
      if (node == null) {
        orphan(task, "the node was removed from the cluster");
      } else if (Lineage.isDown(node) && !now.isBefore(orphanAt(node))) {
        orphan(task, "the node has been down for " + ORPHAN_AFTER.toHours() + " hours");
      }
    }

    private void orphan(Task task, String why) {
      plan.observe(
          task,
          task.getStatus().toBuilder()
              .setState(TaskState.TASK_STATE_ORPHANED)
              .setTimestamp(Times.timestamp(now))
              .setMessage("orphaned")
              .setErr(why)
              .build());
    }

    private void remove(Task task) {
      plan.remove(task);
      removed.add(task.getId());
      removedOfService.merge(task.getServiceId(), 1, Integer::sum);
    }

    /// A service can only be done with when it changed itself or lost a task.
    Set<String> servicesToReap(Dirty dirty) {
      var ids = new HashSet<>(removedOfService.keySet());
      ids.addAll(dirty.services());
      for (var slot : dirty.slots()) {
        var service = state.service(slot.serviceId());
        if (service != null && service.getPendingDelete()) {
          ids.add(service.getId());
        }
      }
      return new TreeSet<>(ids);
    }

    void reapService(Service service) {
      var left =
          state.taskCountOfService(service.getId())
              - removedOfService.getOrDefault(service.getId(), 0);
      if (service.getPendingDelete()) {
        if (left == 0) {
          plan.remove(service);
        }
      } else if (service.getRevisionsCount() > 0) {
        pruneRevisions(service);
      }
    }

    private void pruneRevisions(Service service) {
      var used = new HashSet<Long>();
      for (var task : state.tasksOfService(service.getId())) {
        if (!removed.contains(task.getId())) {
          used.add(task.getSpecVersion());
        }
      }
      var pruned = service.toBuilder().clearRevisions();
      for (var revision : service.getRevisionsList()) {
        if (used.contains(revision.getVersion())
            && revision.getVersion() != service.getSpecVersion()) {
          pruned.addRevisions(revision);
        }
      }
      if (pruned.getRevisionsCount() != service.getRevisionsCount()) {
        plan.update(pruned.build());
      }
    }
  }
}
