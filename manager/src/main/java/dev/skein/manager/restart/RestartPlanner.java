package dev.skein.manager.restart;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.DirtyKey;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Lineages;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.plan.TaskFactory;
import dev.skein.manager.plan.Wait;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Keeps each filled slot running: replaces a task that ended by its restart policy, and one whose
/// node is lost at once; lets a replacement start when its time has come; and ends the older of
/// two once the newer one runs.
public final class RestartPlanner implements Planner {
  /// How long a replacement waits, beyond the stop grace period, for its predecessor to stop. A
  /// worker that cannot kill a task must not keep the slot empty for ever. SwarmKit's value.
  public static final Duration PREDECESSOR_WAIT_MAX = Duration.ofMinutes(1);

  private final Successors successors;

  public RestartPlanner(TaskFactory tasks) {
    this.successors = new Successors(tasks);
  }

  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    var round = new Round(state, dirty.lineages(state), now);
    for (var slot : dirty.slotsTouched(state)) {
      round.lookAtPlace(slot);
    }
    return round.plan.build();
  }

  private final class Round {
    private final ClusterState state;
    private final Lineages lineages;
    private final Instant now;
    private final Plan.Builder plan = Plan.builder();
    private final Map<String, ServiceRevisions> services = new HashMap<>();
    private final Set<Slot> jobPlaces = new HashSet<>();

    Round(ClusterState state, Lineages lineages, Instant now) {
      this.state = state;
      this.lineages = lineages;
      this.now = now;
    }

    /// What stops in one iteration of a job lets the next one start in its place.
    void lookAtPlace(Slot slot) {
      var service = revisions(slot.serviceId());
      if (service == null) {
        return;
      }
      if (!Jobs.isJob(service.service())) {
        look(slot, service);
      } else if (jobPlaces.add(slot.place())) {
        var slots = new TreeSet<Slot>();
        for (var task : slot.tasks(state)) {
          slots.add(Slot.of(task));
        }
        slots.forEach(each -> look(each, service));
      }
    }

    private void look(Slot slot, ServiceRevisions service) {
      var lineage = lineages.of(slot);
      var filling = lineage.filling();
      for (var task : filling) {
        var successor = successorOf(task, filling);
        if (successor != null) {
          lookAtPredecessor(task, successor);
        } else {
          lookAtLast(task, slot, lineage, service);
        }
      }
    }

    private @Nullable ServiceRevisions revisions(String serviceId) {
      var known = services.get(serviceId);
      if (known == null) {
        var service = state.service(serviceId);
        if (service == null || service.getPendingDelete()) {
          return null;
        }
        known = new ServiceRevisions(service);
        services.put(serviceId, known);
      }
      return known;
    }

    private @Nullable Task successorOf(Task task, List<Task> filling) {
      var last = filling.getLast();
      return last.getId().equals(task.getId()) ? null : last;
    }

    /// One that is being replaced start-first: it goes when its successor runs, or when it is of
    /// no more use.
    private void lookAtPredecessor(Task task, Task successor) {
      var replaced = successor.getStatus().getState() == TaskState.TASK_STATE_RUNNING;
      var ended = TaskStates.isTerminal(task.getStatus().getState());
      if (replaced || ended || Lineage.isLost(task, state)) {
        plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
      }
    }

    private void lookAtLast(Task task, Slot slot, Lineage lineage, ServiceRevisions service) {
      var status = task.getStatus().getState();
      // What has ended is over wherever its node is: a job's task that completed is not run again.
      if (TaskStates.isTerminal(status) && status != TaskState.TASK_STATE_ORPHANED) {
        replaceEnded(task, slot, lineage, service);
      } else if (status == TaskState.TASK_STATE_ORPHANED || Lineage.isLost(task, state)) {
        replaceLost(task, slot, lineage, service);
      } else if (task.getDesiredState() == TaskState.TASK_STATE_READY) {
        start(task, slot, lineage, service);
      }
    }

    /// A lost node's tasks are replaced without delay: there is nothing to wait for. A global
    /// service keeps its task for when the node comes back, and gives it up only with the node.
    private void replaceLost(Task task, Slot slot, Lineage lineage, ServiceRevisions service) {
      if (slot.isOfGlobalService()) {
        if (state.node(task.getNodeId()) == null
            || task.getStatus().getState() == TaskState.TASK_STATE_ORPHANED) {
          plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
        }
        return;
      }
      plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
      var desired =
          lineage.hasOneStoppingBeside(task, state)
              ? TaskState.TASK_STATE_READY
              : TaskState.TASK_STATE_RUNNING;
      plan.create(successors.of(task, slot, service, desired, now).build());
    }

    private void replaceEnded(Task task, Slot slot, Lineage lineage, ServiceRevisions service) {
      var policy =
          Defaults.restartPolicy(
              service.service().getSpec(), service.of(task).getTask().getRestartPolicy());
      switch (RestartDecision.of(task, policy)) {
        case RestartDecision.Stay() -> {}
        case RestartDecision.Replace(var delay, var restarts, var windowStart, var streak) -> {
          // One that could not even be prepared while it waited has its delay all the same, or it
          // would be replaced as fast as its node refuses it.
          if (waits(task, slot)) {
            return;
          }
          plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
          var mayStart = delay.isZero() && !lineage.hasOneStoppingBeside(task, state);
          var replacement =
              successors
                  .of(
                      task,
                      slot,
                      service,
                      mayStart ? TaskState.TASK_STATE_RUNNING : TaskState.TASK_STATE_READY,
                      now)
                  .setRestarts(restarts)
                  .setRestartStreak(streak)
                  .setRestartWindowStart(Times.timestamp(windowStart));
          if (!delay.isZero()) {
            replacement.setStartAfter(Times.timestamp(now.plus(delay)));
          }
          plan.create(replacement.build());
        }
      }
    }

    /// A task that waits starts when its delay is over and its predecessors have stopped.
    private void start(Task task, Slot slot, Lineage lineage, ServiceRevisions service) {
      if (waits(task, slot)) {
        return;
      }
      if (lineage.hasOneStoppingBeside(task, state)) {
        var patience =
            Defaults.stopGracePeriod(service.of(task).getTask()).plus(PREDECESSOR_WAIT_MAX);
        var waitUntil = new Wait(Times.instant(task.getCreatedAt()), patience).end(now);
        if (now.isBefore(waitUntil)) {
          plan.wake(new DirtyKey.OfSlot(slot), waitUntil);
          return;
        }
      }
      plan.desire(task, TaskState.TASK_STATE_RUNNING);
    }

    /// Whether the task's restart delay goes on.
    private boolean waits(Task task, Slot slot) {
      if (!task.hasStartAfter()) {
        return false;
      }
      var createdAt = Times.instant(task.getCreatedAt());
      var delay = Duration.between(createdAt, Times.instant(task.getStartAfter()));
      var startAt = new Wait(createdAt, delay).end(now);
      if (now.isBefore(startAt)) {
        plan.wake(new DirtyKey.OfSlot(slot), startAt);
        return true;
      }
      return false;
    }
  }
}
