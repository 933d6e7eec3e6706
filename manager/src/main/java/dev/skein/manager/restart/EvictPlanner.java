package dev.skein.manager.restart;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.DirtyKey;
import dev.skein.manager.plan.DisruptionBudget;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.plan.TaskFactory;
import dev.skein.manager.schedule.Requirements;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateOrder;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Revisions;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Moves tasks off the nodes that they may not stay on: drained ones, and those that their
/// constraints no longer allow. Of one service only so many at a time as its [DisruptionBudget]
/// lets go, start-first where its updates are; the others stay until those run elsewhere. When the
/// drain's deadline is over, whatever is left goes at once.
///
/// A job's tasks and those of global services go at once: the former serve nobody, the latter have
/// no other place.
public final class EvictPlanner implements Planner {
  private final Successors successors;

  // The slots that were left where they are for the sake of their service, by service: they are
  // looked at again when any task of it changes. Derived from the state, to find them fast.
  private final Map<String, Set<Slot>> held = new HashMap<>();

  public EvictPlanner(TaskFactory tasks) {
    this.successors = new Successors(tasks);
  }

  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    if (dirty.everything()) {
      held.clear();
    }
    var round = new Round(state, now);
    var lineages = dirty.lineages(state);
    for (var slot : toLookAt(state, dirty)) {
      release(slot);
      round.look(slot, lineages.of(slot));
    }
    return round.plan.build();
  }

  private Set<Slot> toLookAt(ClusterState state, Dirty dirty) {
    var slots = new LinkedHashSet<>(dirty.slotsTouched(state));
    var services = new TreeSet<>(dirty.services());
    slots.forEach(slot -> services.add(slot.serviceId()));
    for (var id : services) {
      slots.addAll(new TreeSet<>(held.getOrDefault(id, Set.of())));
    }
    // Whose business it is to move a task of an earlier revision depends on the present one, and
    // other constraints take effect on a global service's tasks where they are.
    for (var id : dirty.services()) {
      var service = state.service(id);
      for (var task : state.tasksOfService(id)) {
        if (task.getSlot() == 0 || (service != null && !Revisions.isCurrent(service, task))) {
          slots.add(Slot.of(task));
        }
      }
    }
    return slots;
  }

  private void hold(Slot slot) {
    held.computeIfAbsent(slot.serviceId(), id -> new TreeSet<>()).add(slot);
  }

  private void release(Slot slot) {
    var ofService = held.get(slot.serviceId());
    if (ofService != null && ofService.remove(slot) && ofService.isEmpty()) {
      held.remove(slot.serviceId());
    }
  }

  private final class Round {
    private final ClusterState state;
    private final Instant now;
    private final Plan.Builder plan = Plan.builder();
    private final Map<String, ServiceRevisions> services = new HashMap<>();
    private final Map<String, DisruptionBudget> budgets = new HashMap<>();

    Round(ClusterState state, Instant now) {
      this.state = state;
      this.now = now;
    }

    void look(Slot slot, Lineage lineage) {
      var filling = lineage.filling();
      for (var task : filling) {
        var node = state.node(task.getNodeId());
        if (node == null
            || Lineage.isDown(node)
            || TaskStates.isTerminal(task.getStatus().getState())) {
          continue;
        }
        var service = revisions(slot.serviceId());
        if (service == null || !service.evicts(task, node)) {
          continue;
        }
        if (task.getId().equals(filling.getLast().getId())) {
          evict(task, slot, lineage, service, deadline(node, service));
        } else {
          evictPredecessor(task, slot, deadline(node, service));
        }
      }
    }

    private @Nullable ServiceRevisions revisions(String serviceId) {
      var service = state.service(serviceId);
      return service == null || service.getPendingDelete()
          ? null
          : services.computeIfAbsent(serviceId, id -> new ServiceRevisions(service));
    }

    private DisruptionBudget budget(ServiceRevisions service) {
      return budgets.computeIfAbsent(
          service.service().getId(), id -> DisruptionBudget.of(state, service.service()));
    }

    /// When the task's service is no longer spared. Where a constraint drives it out, that began
    /// when the node or the service last changed.
    private Instant deadline(Node node, ServiceRevisions service) {
      if (Requirements.isDrained(node)) {
        var begun = node.hasDrainStartedAt() ? node.getDrainStartedAt() : node.getUpdatedAt();
        return Times.instant(begun).plus(Defaults.drainDeadline(node.getSpec()));
      }
      var nodeChanged = Times.instant(node.getUpdatedAt());
      var serviceChanged = Times.instant(service.service().getUpdatedAt());
      return (nodeChanged.isAfter(serviceChanged) ? nodeChanged : serviceChanged)
          .plus(Defaults.DRAIN_DEADLINE);
    }

    /// One that another already takes the place of goes when that runs; but a global service's
    /// successor has to leave the same node.
    private void evictPredecessor(Task task, Slot slot, Instant deadline) {
      if (now.isBefore(deadline) && !slot.isOfGlobalService()) {
        plan.wake(new DirtyKey.OfSlot(slot), deadline);
      } else {
        plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
      }
    }

    private void evict(
        Task task, Slot slot, Lineage lineage, ServiceRevisions service, Instant deadline) {
      if (slot.isOfGlobalService()) {
        plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
        return;
      }
      var spared = now.isBefore(deadline) && !Jobs.isJob(service.service());
      var available = DisruptionBudget.isAvailable(task, state);
      var startFirst = spared && available && isStartFirst(service);
      if (spared && available && !budget(service).move(slot, startFirst)) {
        hold(slot);
        plan.wake(new DirtyKey.OfSlot(slot), deadline);
        return;
      }
      if (startFirst) {
        plan.create(successors.of(task, slot, service, TaskState.TASK_STATE_RUNNING, now).build());
        plan.wake(new DirtyKey.OfSlot(slot), deadline);
        return;
      }
      plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
      var desired =
          lineage.hasOneThatMayRun(state)
              ? TaskState.TASK_STATE_READY
              : TaskState.TASK_STATE_RUNNING;
      plan.create(successors.of(task, slot, service, desired, now).build());
    }

    private boolean isStartFirst(ServiceRevisions service) {
      return Defaults.updateOrder(service.service().getSpec().getUpdateConfig())
          == UpdateOrder.UPDATE_ORDER_START_FIRST;
    }
  }
}
