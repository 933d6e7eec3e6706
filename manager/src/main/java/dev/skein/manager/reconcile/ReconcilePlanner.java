package dev.skein.manager.reconcile;

import dev.skein.manager.plan.Canary;
import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.Jobs;
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
import dev.skein.state.Mode;
import dev.skein.state.TaskStates;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;

/// Makes every service have the slots that it asks for: as many as `replicas`, or one on each
/// node that may run it; and of a job as many as have to complete, so many at a time. It fills
/// empty slots and gives up surplus ones; what happens to the tasks inside of a slot is for the
/// restart and update planners, and when a job runs for [RunPlanner].
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
  /// about how many there are, unless it has completed and another one of its job may run.
  private static Set<String> whole(ClusterState state, Dirty dirty) {
    var ids = new LinkedHashSet<>(dirty.services());
    var lineages = dirty.lineages(state);
    for (var slot : dirty.slots()) {
      if (!ids.contains(slot.serviceId())
          && (makesRoomInAJob(slot, state) || lineages.of(slot).filling().isEmpty())) {
        ids.add(slot.serviceId());
      }
    }
    if (!dirty.nodes().isEmpty()) {
      for (var service : state.services().values()) {
        if (Mode.of(service.getSpec()).isPerNode()) {
          ids.add(service.getId());
        }
      }
    }
    return ids;
  }

  /// Whether what ended in the slot may let others begin, or end its run.
  private static boolean makesRoomInAJob(Slot slot, ClusterState state) {
    var service = state.service(slot.serviceId());
    return service != null
        && (Mode.of(service.getSpec()) == Mode.REPLICATED_JOB || Jobs.allowsSeveral(service));
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
        return;
      }
      switch (Mode.of(service.getSpec())) {
        case REPLICATED -> reconcileReplicated(service);
        case GLOBAL -> reconcilePerNode(service);
        case REPLICATED_JOB, GLOBAL_JOB -> reconcileJob(service);
      }
    }

    private void reconcileReplicated(Service service) {
      var wanted = Defaults.replicas(service.getSpec());
      var slots = new Replicated(state.tasksOfService(service.getId()));
      for (var slot : slots.surplus(service.getId(), wanted)) {
        slot.tasks(state).forEach(this::giveUp);
      }
      var free = slots.free(wanted - slots.filledCount());
      var specVersion = free.isEmpty() ? 0 : versionOfNewSlots(service);
      for (var number : free) {
        fill(service, Slot.numbered(service.getId(), number), specVersion);
      }
    }

    /// While an update holds at its canaries, more replicas are no more canaries.
    private long versionOfNewSlots(Service service) {
      var older = 0L;
      if (Canary.isInForce(service)) {
        var revisions = new ServiceRevisions(service);
        for (var task : state.tasksOfService(service.getId())) {
          if (TaskStates.wantsToRun(task)
              && revisions.has(task)
              && !revisions.isUpToDate(task, state.node(task.getNodeId()))) {
            older = Math.max(older, task.getSpecVersion());
          }
        }
      }
      return older == 0 ? service.getSpecVersion() : older;
    }

    private void reconcileJob(Service job) {
      var earlier = new TreeSet<Long>();
      for (var task : state.tasksOfService(job.getId())) {
        if (TaskStates.wantsToRun(task)) {
          if (!Jobs.goesOn(job, task)) {
            plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
          } else if (!Jobs.isPresent(job, task)) {
            earlier.add(Jobs.iteration(task));
          }
        }
      }
      var replicated = Mode.of(job.getSpec()) == Mode.REPLICATED_JOB;
      for (var iteration : earlier) {
        if (!replicated || !goOn(job, iteration)) {
          forgetEnded(job, iteration);
        }
      }
      if (!job.getJobStatus().getWaiting()) {
        if (replicated) {
          goOn(job, Jobs.iteration(job));
        } else {
          reconcilePerNode(job);
        }
      }
    }

    /// Fills what may run now of an iteration of a replicated job; false when it is over.
    private boolean goOn(Service job, long iteration) {
      var total = Defaults.totalCompletions(job.getSpec());
      var slots = new JobSlots(job, state.tasksOfService(job.getId()), iteration);
      for (var slot : slots.surplus(total)) {
        for (var task : slot.tasks(state)) {
          if (slot.isIterationOf(task) || !TaskStates.wantsToRun(task)) {
            giveUp(task);
          }
        }
      }
      for (var slot : slots.next(total, Defaults.maxConcurrent(job.getSpec()))) {
        fill(job, slot, job.getSpecVersion());
      }
      return !slots.isOver(total);
    }

    /// What has ended of an earlier iteration is history.
    private void forgetEnded(Service job, long iteration) {
      var revisions = new ServiceRevisions(job);
      for (var task : state.tasksOfService(job.getId())) {
        if (TaskStates.wantsToRun(task)
            && Jobs.iteration(task) == iteration
            && !JobSlots.isActive(task, revisions)) {
          plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
        }
      }
    }

    private void reconcilePerNode(Service service) {
      var requirements = new ServiceRevisions(service).currentRequirements();
      for (var node : state.nodes().values()) {
        var slot = Slot.ofNode(service.getId(), node.getId()).inIteration(Jobs.iteration(service));
        if (isEligible(node, requirements) && !isFilled(slot)) {
          fill(service, slot, service.getSpecVersion());
        }
      }
    }

    private boolean isFilled(Slot slot) {
      for (var task : slot.tasks(state)) {
        if (TaskStates.wantsToRun(task) && slot.isIterationOf(task)) {
          return true;
        }
      }
      return false;
    }

    private boolean isEligible(Node node, Requirements requirements) {
      return requirements.refusalOf(node) == null;
    }

    private void fill(Service service, Slot slot, long specVersion) {
      // A slot that was given up and is wanted again waits until what ran in it has stopped.
      var desired =
          Lineage.of(state, slot).hasOneThatMayRun(state)
              ? TaskState.TASK_STATE_READY
              : TaskState.TASK_STATE_RUNNING;
      plan.create(tasks.create(service, slot, specVersion, desired, now).build());
    }

    private void giveUp(Task task) {
      if (task.getDesiredState() != TaskState.TASK_STATE_REMOVE) {
        plan.desire(task, TaskState.TASK_STATE_REMOVE);
      }
    }
  }
}
