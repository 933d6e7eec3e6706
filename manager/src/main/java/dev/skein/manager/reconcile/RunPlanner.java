package dev.skein.manager.reconcile;

import dev.skein.manager.cron.CronException;
import dev.skein.manager.cron.CronSchedule;
import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.DirtyKey;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Plan;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Wait;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Schedule;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Mode;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Instant;
import java.util.HashSet;
import org.jspecify.annotations.Nullable;

/// Begins the runs of scheduled jobs when they are due, or skips them as the schedule's concurrency
/// says. Up to when due times were seen to is in the job's status, so that no due time has two runs
/// whoever leads. Of all that passed while nobody led, or while the leader's clock jumped, only the
/// last begins a run.
public final class RunPlanner implements Planner {
  /// The most runs of one job at once, where its schedule allows several.
  public static final int RUNS_MAX = 10;

  @Override
  public Plan plan(ClusterState state, Dirty dirty, Instant now) {
    var plan = Plan.builder();
    for (var id : dirty.services()) {
      var service = state.service(id);
      if (service != null
          && !service.getPendingDelete()
          && Jobs.isScheduled(service)
          && !Jobs.isSuspended(service.getSpec())) {
        look(service, state, now, plan);
      }
    }
    return plan.build();
  }

  private void look(Service job, ClusterState state, Instant now, Plan.Builder plan) {
    var cron = cron(job.getSpec().getSchedule());
    if (cron == null) {
      return;
    }
    var seenTo = Times.instant(job.getJobStatus().getScheduledAt());
    var due = cron.last(seenTo, now);
    if (Wait.isImpossible(seenTo, now)) {
      // Due times count from now on: else the job would not run until then.
      var again = job.toBuilder();
      again.getJobStatusBuilder().setScheduledAt(Times.timestamp(now));
      plan.update(again.build());
      seenTo = now;
    } else if (due != null) {
      plan.update(mayBegin(job, state) ? begun(job, due, now) : skipped(job, due));
      seenTo = due;
    }
    var next = cron.next(seenTo);
    if (next != null) {
      plan.wake(new DirtyKey.OfService(job.getId()), next);
    }
  }

  /// Null for one that another version of this program admitted and this one does not understand.
  private static @Nullable CronSchedule cron(Schedule schedule) {
    try {
      return CronSchedule.of(schedule);
    } catch (CronException notUnderstood) {
      return null;
    }
  }

  private static Service begun(Service job, Instant due, Instant now) {
    var begun = job.toBuilder();
    Jobs.beginNext(begun, now);
    begun.getJobStatusBuilder().setScheduledAt(Times.timestamp(due));
    return begun.build();
  }

  private static Service skipped(Service job, Instant due) {
    var skipped = job.toBuilder();
    skipped
        .getJobStatusBuilder()
        .setScheduledAt(Times.timestamp(due))
        .setSkippedAt(Times.timestamp(due))
        .setSkipped(job.getJobStatus().getSkipped() + 1);
    return skipped.build();
  }

  private static boolean mayBegin(Service job, ClusterState state) {
    return switch (Defaults.concurrency(job.getSpec().getSchedule())) {
      case SCHEDULE_CONCURRENCY_REPLACE -> true;
      case SCHEDULE_CONCURRENCY_ALLOW -> runs(job, state) < RUNS_MAX;
      case SCHEDULE_CONCURRENCY_FORBID, SCHEDULE_CONCURRENCY_UNSPECIFIED, UNRECOGNIZED ->
          !goesOn(job, state);
    };
  }

  /// How many iterations have tasks that are not over.
  private static int runs(Service job, ClusterState state) {
    var revisions = new ServiceRevisions(job);
    var iterations = new HashSet<Long>();
    for (var task : state.tasksOfService(job.getId())) {
      if (isActive(task, revisions, state)) {
        iterations.add(Jobs.iteration(task));
      }
    }
    return iterations.size();
  }

  /// Whether the last run is not over: some of it may still be running, though it be stopped, or is
  /// yet to run.
  private static boolean goesOn(Service job, ClusterState state) {
    var revisions = new ServiceRevisions(job);
    for (var task : state.tasksOfService(job.getId())) {
      if (Lineage.mayStillRun(task, state) || isActive(task, revisions, state)) {
        return true;
      }
    }
    return !job.getJobStatus().getWaiting()
        && Mode.of(job.getSpec()) == Mode.REPLICATED_JOB
        && !new JobSlots(job, state.tasksOfService(job.getId()), Jobs.iteration(job))
            .isOver(Defaults.totalCompletions(job.getSpec()));
  }

  /// A global job's task on a node that is down is not waited for.
  private static boolean isActive(Task task, ServiceRevisions job, ClusterState state) {
    return TaskStates.wantsToRun(task)
        && JobSlots.isActive(task, job)
        && !(task.getSlot() == 0 && Lineage.isLost(task, state));
  }
}
