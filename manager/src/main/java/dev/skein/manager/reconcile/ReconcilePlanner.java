package dev.skein.manager.reconcile;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.plan.TaskFactory;
import dev.skein.manager.schedule.Requirements;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;

/// Makes every service have the slots that it asks for: as many as `replicas`, or one on each
/// node that may run it. It fills empty slots and gives up surplus ones; what happens to the
/// tasks inside of a slot is for the restart and update planners.
public final class ReconcilePlanner implements Planner {
  private final TaskFactory tasks;

  public ReconcilePlanner(TaskFactory tasks) {
    this.tasks = tasks;
  }

  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    var round = new Round(state, now);
    for (var id : whole(state, dirty)) {
      var service = state.service(id);
      if (service != null) {
        round.reconcile(service);
      }
    }
    return round.plan.build();
  }

  /// The services to look at as a whole. A changed slot that is still filled changes nothing
  /// about how many there are.
  private static Set<String> whole(ClusterState state, Dirty dirty) {
    var ids = new LinkedHashSet<>(dirty.services());
    for (var slot : dirty.slots()) {
      if (!ids.contains(slot.serviceId()) && Lineage.of(state, slot).filling().isEmpty()) {
        ids.add(slot.serviceId());
      }
    }
    if (!dirty.nodes().isEmpty()) {
      for (var service : state.services().values()) {
        if (!Defaults.isReplicated(service.getSpec())) {
          ids.add(service.getId());
        }
      }
    }
    return ids;
  }

  private final class Round {
    private final ClusterState state;
    private final Instant now;
    private final Plan.Builder plan = Plan.builder();

    Round(ClusterState state, Instant now) {
      this.state = state;
      this.now = now;
    }

    void reconcile(Service service) {
      if (service.getPendingDelete()) {
        state.tasksOfService(service.getId()).forEach(this::giveUp);
      } else if (Defaults.isReplicated(service.getSpec())) {
        reconcileReplicated(service);
      } else {
        reconcileGlobal(service);
      }
    }

    private void reconcileReplicated(Service service) {
      var wanted = Defaults.replicas(service.getSpec());
      var slots = new Replicated(state.tasksOfService(service.getId()));
      for (var slot : slots.surplus(service.getId(), wanted)) {
        slot.tasks(state).forEach(this::giveUp);
      }
      for (var number : slots.free(wanted - slots.filledCount())) {
        fill(service, Slot.numbered(service.getId(), number));
      }
    }

    private void reconcileGlobal(Service service) {
      var requirements = new ServiceRevisions(service).currentRequirements();
      for (var node : state.nodes().values()) {
        var slot = Slot.ofNode(service.getId(), node.getId());
        if (isEligible(node, requirements) && Lineage.of(state, slot).filling().isEmpty()) {
          fill(service, slot);
        }
      }
    }

    private boolean isEligible(Node node, Requirements requirements) {
      return requirements.refusalOf(node) == null;
    }

    private void fill(Service service, Slot slot) {
      // A slot that was given up and is wanted again waits until what ran in it has stopped.
      var desired =
          Lineage.of(state, slot).hasOneThatMayRun(state)
              ? TaskState.TASK_STATE_READY
              : TaskState.TASK_STATE_RUNNING;
      plan.create(tasks.create(service, slot, service.getSpecVersion(), desired, now).build());
    }

    private void giveUp(Task task) {
      if (task.getDesiredState() != TaskState.TASK_STATE_REMOVE) {
        plan.desire(task, TaskState.TASK_STATE_REMOVE);
      }
    }
  }
}
