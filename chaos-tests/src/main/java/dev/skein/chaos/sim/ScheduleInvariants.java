package dev.skein.chaos.sim;

import static dev.skein.chaos.sim.CommitInvariants.require;

import dev.skein.manager.cron.CronException;
import dev.skein.manager.cron.CronSchedule;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.reconcile.RunPlanner;
import dev.skein.proto.v1.ScheduleConcurrency;
import dev.skein.proto.v1.Service;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.ObjectChange;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.TreeSet;

/// No due time of a job has two runs, none begins before it is due, and runs that may not overlap
/// do not.
final class ScheduleInvariants {
  /// How far leaders' clocks are apart, and how far one may go ahead of its own for that.
  private static final Duration CLOCKS_APART_MAX = Duration.ofSeconds(3);

  private ScheduleInvariants() {}

  static void check(Commit commit, Instant now) {
    for (var change : commit.changes()) {
      if (change instanceof ObjectChange.OfService(var before, var after)
          && before != null
          && after != null
          && Jobs.isScheduled(before)
          && before.getSpec().equals(after.getSpec())) {
        byItsScheduleAlone(before, after, commit, now);
      }
    }
  }

  private static void byItsScheduleAlone(
      Service before, Service after, Commit commit, Instant now) {
    var isBegun = Jobs.iteration(before) != Jobs.iteration(after);
    var isSkipped = before.getJobStatus().getSkipped() != after.getJobStatus().getSkipped();
    if (!isBegun && !isSkipped) {
      return;
    }
    var name = after.getSpec().getName();
    var due = Times.instant(after.getJobStatus().getScheduledAt());
    require(
        Times.instant(before.getJobStatus().getScheduledAt()).isBefore(due),
        "job %s saw twice to what was due at %s",
        name,
        due);
    require(
        isDue(after, due) && !due.isAfter(now.plus(CLOCKS_APART_MAX)),
        "job %s saw at %s to what was due at %s",
        name,
        now,
        due);
    if (isBegun) {
      require(
          Jobs.iteration(after) == Jobs.iteration(before) + 1,
          "job %s went from iteration %d to %d",
          name,
          Jobs.iteration(before),
          Jobs.iteration(after));
      mayBegin(before, commit.before(), Times.instant(after.getUpdatedAt()));
    }
  }

  private static boolean isDue(Service job, Instant due) {
    try {
      return due.equals(
          CronSchedule.of(job.getSpec().getSchedule()).last(due.minusSeconds(1), due));
    } catch (CronException notUnderstood) {
      return false;
    }
  }

  private static void mayBegin(Service job, ClusterState state, Instant planned) {
    var going = new TreeSet<Long>();
    for (var task : state.tasksOfService(job.getId())) {
      var node = state.node(task.getNodeId());
      // A node that came back while the plan was made is no fault of the planner.
      var isBack =
          node != null
              && Times.instant(node.getUpdatedAt()).plus(CommitInvariants.RACE).isAfter(planned);
      if (Lineage.mayStillRun(task, state) && !isBack) {
        going.add(Jobs.iteration(task));
      }
      var isForbidden =
          Defaults.concurrency(job.getSpec().getSchedule())
              == ScheduleConcurrency.SCHEDULE_CONCURRENCY_FORBID;
      require(
          !isForbidden || going.isEmpty(),
          "job %s, whose runs may not overlap, begins one while task %s is %s",
          job.getSpec().getName(),
          task.getId(),
          task.getStatus().getState());
      going.removeIf(
          iteration -> !TaskStates.wantsToRun(task) && iteration == Jobs.iteration(task));
    }
    require(
        !Jobs.allowsSeveral(job) || going.size() < RunPlanner.RUNS_MAX,
        "job %s begins a run while iterations %s go on",
        job.getSpec().getName(),
        going);
  }
}
