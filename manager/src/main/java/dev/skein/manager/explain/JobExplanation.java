package dev.skein.manager.explain;

import dev.skein.manager.cron.CronSchedule;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.reconcile.RunPlanner;
import dev.skein.proto.v1.ScheduleConcurrency;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Mode;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/// Tells how far the run of a job is, and when the next one begins.
final class JobExplanation {
  private final Service job;
  private final Instant now;
  private final List<Task> toExplain = new ArrayList<>();
  private final TreeSet<Long> earlierRuns = new TreeSet<>();
  private int running;
  private int completed;
  private int failed;
  private int filled;

  JobExplanation(ClusterState state, Service job, Instant now) {
    this.job = job;
    this.now = now;
    for (var task : state.tasksOfService(job.getId())) {
      if (TaskStates.wantsToRun(task) && Jobs.goesOn(job, task)) {
        count(task, state);
      }
    }
  }

  private void count(Task task, ClusterState state) {
    var status = task.getStatus().getState();
    var isOver = TaskStates.isTerminal(status);
    if (!Jobs.isPresent(job, task)) {
      if (!isOver) {
        earlierRuns.add(Jobs.iteration(task));
      }
    } else {
      filled++;
      if (status == TaskState.TASK_STATE_COMPLETE) {
        completed++;
      } else if (isOver) {
        failed++;
      } else if (status == TaskState.TASK_STATE_RUNNING) {
        running++;
      }
    }
    var isWell =
        status == TaskState.TASK_STATE_RUNNING
            && !Lineage.isLost(task, state)
            && !SlotSentence.isUnhealthy(task);
    if (!isWell && status != TaskState.TASK_STATE_COMPLETE) {
      toExplain.add(task);
    }
  }

  /// The tasks that neither run nor have completed.
  List<Task> toExplain() {
    return toExplain;
  }

  boolean isAsDesired() {
    return toExplain.isEmpty();
  }

  List<String> sentences() {
    var sentences = new ArrayList<String>();
    sentences.add(
        "Job %s is %s: %s."
            .formatted(
                job.getSpec().getName(), isAsDesired() ? "as desired" : "not as desired", run()));
    if (!earlierRuns.isEmpty()) {
      sentences.add(
          earlierRuns.size() == 1
              ? "An earlier run goes on beside it, iteration %d.".formatted(earlierRuns.first())
              : "%d earlier runs go on beside it, the first of them iteration %d."
                  .formatted(earlierRuns.size(), earlierRuns.first()));
    }
    if (Jobs.isScheduled(job)) {
      sentences.add(schedule());
    }
    if (job.getJobStatus().getSkipped() > 0) {
      sentences.add(skipped());
    }
    return sentences;
  }

  private String run() {
    var status = job.getJobStatus();
    if (status.getWaiting()) {
      return status.hasLastExecution()
          ? "no run goes on; the last one, iteration %d, began at %s"
              .formatted(Jobs.iteration(job), seconds(Times.instant(status.getLastExecution())))
          : "it has not run yet";
    }
    var total =
        Mode.of(job.getSpec()) == Mode.REPLICATED_JOB
            ? Defaults.totalCompletions(job.getSpec())
            : filled;
    return "of its run that began at %s, iteration %d, %d of %d tasks have completed%s%s"
        .formatted(
            seconds(Times.instant(status.getLastExecution())),
            Jobs.iteration(job),
            completed,
            total,
            running == 0 ? "" : ", %d %s".formatted(running, running == 1 ? "runs" : "run"),
            failed == 0 ? "" : ", %d ended without completing".formatted(failed));
  }

  private String schedule() {
    var schedule = job.getSpec().getSchedule();
    var text =
        "It is scheduled by \"%s\" (%s)"
            .formatted(
                schedule.getExpression(),
                schedule.getTimezone().isEmpty() ? "UTC" : schedule.getTimezone());
    if (Jobs.isSuspended(job.getSpec())) {
      return text
          + " but suspended, because 0 tasks shall complete: go on with"
          + " 'skein service scale %s=1'.".formatted(job.getSpec().getName());
    }
    var next = CronSchedule.nextOf(job);
    if (next == null) {
      return text + " and never runs again.";
    }
    return text
        + ": the next run is due at %s, %s."
            .formatted(
                next,
                next.isAfter(now)
                    ? "in %d s".formatted(Math.max(1, Duration.between(now, next).toSeconds()))
                    : "now");
  }

  private String skipped() {
    var status = job.getJobStatus();
    var allows =
        Defaults.concurrency(job.getSpec().getSchedule())
            == ScheduleConcurrency.SCHEDULE_CONCURRENCY_ALLOW;
    return "%d due %s skipped so far, the last at %s, because %s."
        .formatted(
            status.getSkipped(),
            status.getSkipped() == 1 ? "run was" : "runs were",
            Times.instant(status.getSkippedAt()),
            allows
                ? "%d runs, as many as may, went on".formatted(RunPlanner.RUNS_MAX)
                : "the run before went on");
  }

  private static Instant seconds(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS);
  }
}
