package dev.skein.manager.update;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.DirtyKey;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.plan.TaskFactory;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.FailureAction;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateOrder;
import dev.skein.proto.v1.UpdateState;
import dev.skein.proto.v1.UpdateStatus;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Revisions;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Replaces tasks that do not run their service's present revision: so many at a time, in the
/// order asked for, watching what it replaced; and stops, goes on or goes back when too many
/// fail. All it knows is in the state: the tasks, and the service's update status.
///
/// It resumes a paused update when the status is cleared, which each update of the service by a
/// user does.
public final class UpdatePlanner implements Planner {
  /// How long a replacement may take until it runs. After that it counts as failed, so that no
  /// update hangs without a word.
  public static final Duration PROGRESS_DEADLINE = Duration.ofMinutes(10);

  private final TaskFactory tasks;

  public UpdatePlanner(TaskFactory tasks) {
    this.tasks = tasks;
  }

  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    var round = new Round(state, now);
    for (var id : toLookAt(state, dirty)) {
      var service = state.service(id);
      if (service != null && !service.getPendingDelete() && !isPaused(service)) {
        round.roll(service);
      }
    }
    return round.plan.build();
  }

  /// Services that changed, and those with a changed slot that are being updated or have to be.
  private static Set<String> toLookAt(ClusterState state, Dirty dirty) {
    var ids = new LinkedHashSet<>(dirty.services());
    for (var slot : dirty.slotsTouched(state)) {
      var service = ids.contains(slot.serviceId()) ? null : state.service(slot.serviceId());
      if (service != null && (isRolling(service) || isOutOfDate(service, slot, state))) {
        ids.add(service.getId());
      }
    }
    return ids;
  }

  private static boolean isOutOfDate(Service service, Slot slot, ClusterState state) {
    if (service.getRevisionsCount() == 0) {
      return false;
    }
    var filling = Lineage.of(state, slot).filling();
    return !filling.isEmpty() && !Revisions.isCurrent(service, filling.getLast());
  }

  private static boolean isRolling(Service service) {
    return switch (service.getUpdateStatus().getState()) {
      case UPDATE_STATE_UPDATING, UPDATE_STATE_ROLLBACK_STARTED -> true;
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

  private static boolean isRollback(Service service) {
    return service.getUpdateStatus().getState() == UpdateState.UPDATE_STATE_ROLLBACK_STARTED;
  }

  private static UpdateConfig config(Service service) {
    return isRollback(service)
        ? service.getSpec().getRollbackConfig()
        : service.getSpec().getUpdateConfig();
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
      var config = config(service);
      if (!isRolling(service)) {
        if (!slots.outOfDate().isEmpty()) {
          begin(service);
          replaceNext(service, slots, config);
        }
        return;
      }
      var begunAt = Times.instant(service.getUpdateStatus().getStartedAt());
      var failed = slots.failed(config, begunAt);
      if (slots.ratio(failed) > config.getMaxFailureRatio() && stopFor(failed.getLast(), service)) {
        return;
      }
      if (slots.isComplete(config)) {
        complete(service);
        return;
      }
      replaceNext(service, slots, config);
      var changesAt = slots.changesAt();
      if (changesAt != null) {
        plan.wake(new DirtyKey.OfService(service.getId()), changesAt);
      }
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

    private void complete(Service service) {
      var rollback = isRollback(service);
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
    private boolean stopFor(Task failed, Service service) {
      var action = Defaults.failureAction(config(service));
      if (action == FailureAction.FAILURE_ACTION_CONTINUE) {
        return false;
      }
      if (action == FailureAction.FAILURE_ACTION_ROLLBACK
          && !isRollback(service)
          && service.hasPreviousSpec()) {
        rollBack(service, cause(failed));
      } else {
        pause(service, cause(failed));
      }
      return true;
    }

    private void pause(Service service, String cause) {
      var rollback = isRollback(service);
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

    private void replaceNext(Service service, RollingSlots slots, UpdateConfig config) {
      var parallelism = Defaults.updateParallelism(config);
      var places =
          parallelism == 0 ? Long.MAX_VALUE : Math.max(0, parallelism - slots.underWay(config));
      slots.outOfDate().stream().limit(places).forEach(slot -> replace(service, slot, config));
    }

    private void replace(Service service, Lineage lineage, UpdateConfig config) {
      var filling = lineage.filling();
      var startFirst = Defaults.updateOrder(config) == UpdateOrder.UPDATE_ORDER_START_FIRST;
      var kept =
          startFirst ? filling.stream().filter(RollingSlots::isRunning).toList() : List.<Task>of();
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
