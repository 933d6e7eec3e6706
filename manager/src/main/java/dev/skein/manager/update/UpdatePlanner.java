package dev.skein.manager.update;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.DirtyKey;
import dev.skein.manager.plan.DisruptionBudget;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.plan.TaskFactory;
import dev.skein.manager.plan.Wait;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.FailureAction;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateState;
import dev.skein.proto.v1.UpdateStatus;
import dev.skein.state.ClusterState;
import dev.skein.state.Revisions;
import dev.skein.state.Times;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Replaces tasks that do not run their service's present revision: so many at a time, in the
/// order asked for, and as the service's [DisruptionBudget] lets it, watching what it replaced; and
/// stops, goes on or goes back when too many fail. With canaries it holds after those until it is
/// promoted. All it knows is in the state: the tasks, and the service's update status. Jobs are
/// not updated: another revision is another iteration of theirs.
///
/// It resumes a paused update when the status is cleared, which each update of the service by a
/// user does.
public final class UpdatePlanner implements Planner {
  private final TaskFactory tasks;

  public UpdatePlanner(TaskFactory tasks) {
    this.tasks = tasks;
  }

  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    var round = new Round(state, now);
    for (var id : toLookAt(state, dirty)) {
      var service = state.service(id);
      if (service != null
          && !service.getPendingDelete()
          && !isPaused(service)
          && !Jobs.isJob(service)) {
        round.roll(service);
      }
    }
    return round.plan.build();
  }

  /// Services that changed, and those with a changed slot that are being updated or have to be.
  private static Set<String> toLookAt(ClusterState state, Dirty dirty) {
    var ids = new LinkedHashSet<>(dirty.services());
    var lineages = dirty.lineages(state);
    for (var slot : dirty.slotsTouched(state)) {
      var service = ids.contains(slot.serviceId()) ? null : state.service(slot.serviceId());
      if (service != null && (isRolling(service) || isOutOfDate(service, lineages.of(slot)))) {
        ids.add(service.getId());
      }
    }
    return ids;
  }

  private static boolean isOutOfDate(Service service, Lineage lineage) {
    if (service.getRevisionsCount() == 0) {
      return false;
    }
    var filling = lineage.filling();
    return !filling.isEmpty() && !Revisions.isCurrent(service, filling.getLast());
  }

  private static boolean isRolling(Service service) {
    return switch (service.getUpdateStatus().getState()) {
      case UPDATE_STATE_UPDATING, UPDATE_STATE_ROLLBACK_STARTED, UPDATE_STATE_CANARY -> true;
      case UPDATE_STATE_UNSPECIFIED,
          UPDATE_STATE_PAUSED,
          UPDATE_STATE_COMPLETED,
          UPDATE_STATE_ROLLBACK_PAUSED,
          UPDATE_STATE_ROLLBACK_COMPLETED,
          UNRECOGNIZED ->
          false;
    };
  }

  private static boolean isPaused(Service service) {
    var state = service.getUpdateStatus().getState();
    return state == UpdateState.UPDATE_STATE_PAUSED
        || state == UpdateState.UPDATE_STATE_ROLLBACK_PAUSED;
  }

  private final class Round {
    private final ClusterState state;
    private final Instant now;
    private final Plan.Builder plan = Plan.builder();

    Round(ClusterState state, Instant now) {
      this.state = state;
      this.now = now;
    }

    void roll(Service service) {
      var slots = new RollingSlots(state, new ServiceRevisions(service), now);
      var rollout = Rollout.of(service);
      if (!isRolling(service)) {
        if (!slots.outOfDate().isEmpty()) {
          begin(service);
          replaceNext(service, slots, rollout);
        }
        return;
      }
      var begunAt = begunAt(service);
      var failed = slots.failed(rollout, begunAt);
      if (rollout.isTooMany(failed.size(), slots.slotCount())
          && stopFor(failed.getLast(), service, rollout)) {
        return;
      }
      if (slots.isComplete(rollout)) {
        complete(service, rollout);
        return;
      }
      if (slots.isHolding(rollout)) {
        hold(service, slots);
      } else if (!replaceNext(service, slots, rollout) && isOutOfBudget(slots, rollout, begunAt)) {
        pause(
            service,
            rollout,
            ": no replica may be taken down, because with those that do not run the "
                + service.getSpec().getMaxUnavailable()
                + " of --max-unavailable are down already");
        return;
      }
      var changesAt = slots.changesAt();
      if (changesAt != null) {
        plan.wake(new DirtyKey.OfService(service.getId()), changesAt);
      }
    }

    /// When the update began, or was resumed. One that began in the future, by a clock that has
    /// been put back, has no such time: all that failed of its revision counts.
    private Instant begunAt(Service service) {
      var begunAt = Times.instant(service.getUpdateStatus().getStartedAt());
      return Wait.isImpossible(begunAt, now) ? Instant.EPOCH : begunAt;
    }

    private void begin(Service service) {
      plan.update(
          service.toBuilder()
              .setUpdateStatus(
                  UpdateStatus.newBuilder()
                      .setState(UpdateState.UPDATE_STATE_UPDATING)
                      .setStartedAt(Times.timestamp(now))
                      .setMessage("update in progress"))
              .build());
    }

    /// Says that the canaries run and that it is for the user to go on.
    private void hold(Service service, RollingSlots slots) {
      var message =
          "%d of %d replicas run the new version; the update waits to be promoted or rolled back"
              .formatted(slots.replaced(), slots.slotCount());
      var status = service.getUpdateStatus();
      if (status.getState() != UpdateState.UPDATE_STATE_CANARY
          || !status.getMessage().equals(message)) {
        plan.update(
            service.toBuilder()
                .setUpdateStatus(
                    status.toBuilder()
                        .setState(UpdateState.UPDATE_STATE_CANARY)
                        .setMessage(message))
                .build());
      }
    }

    private void complete(Service service, Rollout rollout) {
      var rollback = rollout.rollback();
      plan.update(
          service.toBuilder()
              .setUpdateStatus(
                  service.getUpdateStatus().toBuilder()
                      .setState(
                          rollback
                              ? UpdateState.UPDATE_STATE_ROLLBACK_COMPLETED
                              : UpdateState.UPDATE_STATE_COMPLETED)
                      .setCompletedAt(Times.timestamp(now))
                      .setMessage(rollback ? "rollback completed" : "update completed"))
              .build());
    }

    /// Acts on a failure; false when the update goes on all the same.
    private boolean stopFor(Task failed, Service service, Rollout rollout) {
      if (rollout.action() == FailureAction.FAILURE_ACTION_CONTINUE) {
        return false;
      }
      if (rollout.action() == FailureAction.FAILURE_ACTION_ROLLBACK
          && !rollout.rollback()
          && service.hasPreviousSpec()) {
        rollBack(service, cause(failed));
      } else {
        pause(service, rollout, cause(failed));
      }
      return true;
    }

    private void pause(Service service, Rollout rollout, String cause) {
      var rollback = rollout.rollback();
      plan.update(
          service.toBuilder()
              .setUpdateStatus(
                  service.getUpdateStatus().toBuilder()
                      .setState(
                          rollback
                              ? UpdateState.UPDATE_STATE_ROLLBACK_PAUSED
                              : UpdateState.UPDATE_STATE_PAUSED)
                      .setMessage((rollback ? "rollback paused" : "update paused") + cause))
              .build());
    }

    /// The previous spec becomes a new revision: versions only count up, so that what a version
    /// means never changes.
    private void rollBack(Service service, String cause) {
      plan.update(
          service.toBuilder()
              .addRevisions(Revisions.current(service))
              .setSpec(service.getPreviousSpec())
              .clearPreviousSpec()
              .clearPreviousSpecVersion()
              .setSpecVersion(service.getSpecVersion() + 1)
              .setUpdateStatus(
                  UpdateStatus.newBuilder()
                      .setState(UpdateState.UPDATE_STATE_ROLLBACK_STARTED)
                      .setStartedAt(Times.timestamp(now))
                      .setMessage("update rolled back" + cause))
              .build());
    }

    private String cause(Task failed) {
      var status = failed.getStatus();
      var why = status.getErr().isEmpty() ? status.getMessage() : status.getErr();
      return " due to failure or early termination of task "
          + failed.getId()
          + (why.isEmpty() ? "" : ": " + why);
    }

    /// Replaces as many slots as may be now.
    ///
    /// @return false when the budget alone keeps the update from going on
    private boolean replaceNext(Service service, RollingSlots slots, Rollout rollout) {
      var underWay = slots.underWay(rollout);
      var places = rollout.places(slots.replaced(), underWay);
      var budget = DisruptionBudget.of(state, service);
      var refused = false;
      for (var lineage : slots.outOfDate()) {
        if (places == 0) {
          break;
        }
        if (rollout.isStartFirst() || budget.takeDown(Slot.of(lineage.filling().getLast()))) {
          replace(service, lineage, rollout);
          places--;
          underWay++;
        } else {
          refused = true;
        }
      }
      return !refused || underWay > 0;
    }

    /// Whether nothing has happened for so long that the update would wait for ever.
    private boolean isOutOfBudget(RollingSlots slots, Rollout rollout, Instant begunAt) {
      var changedAt = slots.changedAt();
      return slots.isPast(rollout.deadline(changedAt.isBefore(begunAt) ? begunAt : changedAt));
    }

    private void replace(Service service, Lineage lineage, Rollout rollout) {
      var filling = lineage.filling();
      var kept =
          rollout.isStartFirst()
              ? filling.stream().filter(RollingSlots::isRunning).toList()
              : List.<Task>of();
      for (var task : filling) {
        if (!kept.contains(task)) {
          plan.desire(task, TaskState.TASK_STATE_SHUTDOWN);
        }
      }
      // With start-first the old task goes on until the new one runs; otherwise the new one waits
      // until it has stopped.
      var desired =
          kept.isEmpty() && lineage.hasOneThatMayRun(state)
              ? TaskState.TASK_STATE_READY
              : TaskState.TASK_STATE_RUNNING;
      var slot = Slot.of(filling.getLast());
      plan.create(tasks.create(service, slot, service.getSpecVersion(), desired, now).build());
    }
  }
}
