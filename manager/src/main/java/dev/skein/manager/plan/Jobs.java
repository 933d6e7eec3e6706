package dev.skein.manager.plan;

import dev.skein.proto.v1.JobStatus;
import dev.skein.proto.v1.ScheduleConcurrency;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.Version;
import dev.skein.state.Defaults;
import dev.skein.state.Mode;
import dev.skein.state.Times;
import java.time.Instant;

/// The runs of a job. Each run, an iteration, begins with none of its tasks done; the tasks of
/// earlier ones are history, unless the job's schedule lets several runs go on at once.
///
/// A job without a schedule runs when it is created, and again whenever what it runs changes. With
/// one, it runs when that says so, and when it is forced to; another spec is for the runs, and for
/// what the present one has yet to begin, from then on.
public final class Jobs {
  private Jobs() {}

  public static boolean isJob(Service service) {
    return Mode.of(service.getSpec()).isJob();
  }

  public static boolean isScheduled(Service service) {
    return isJob(service) && service.getSpec().hasSchedule();
  }

  /// Whether the schedule is not to begin anything, because nothing shall complete.
  public static boolean isSuspended(ServiceSpec spec) {
    return spec.hasSchedule()
        && Mode.of(spec) == Mode.REPLICATED_JOB
        && Defaults.totalCompletions(spec) == 0;
  }

  /// Begins a new job, whose spec is set: its first iteration, numbered 0, or the wait for what its
  /// schedule begins.
  public static void begin(Service.Builder job, Instant now) {
    var status = JobStatus.newBuilder().setJobIteration(Version.getDefaultInstance());
    if (job.getSpec().hasSchedule()) {
      status.setWaiting(true).setScheduledAt(Times.timestamp(now));
    } else {
      status.setLastExecution(Times.timestamp(now));
    }
    job.setJobStatus(status);
  }

  /// Begins the next iteration: whatever still runs of the present one is stopped, unless the
  /// schedule allows both.
  public static void beginNext(Service.Builder job, Instant now) {
    var status = job.getJobStatusBuilder();
    var iteration = status.getJobIteration().getIndex() + 1;
    status
        .setJobIteration(Version.newBuilder().setIndex(iteration))
        .setLastExecution(Times.timestamp(now))
        .clearWaiting();
  }

  /// What another spec means for the runs of a job.
  ///
  /// @param before the job as it was
  /// @param job the job with its other spec and, where that changes what tasks run, its revision
  public static void respecify(Service before, Service.Builder job, Instant now) {
    if (!job.getSpec().hasSchedule()) {
      job.getJobStatusBuilder().clearScheduledAt();
      if (before.getSpecVersion() != job.getSpecVersion()) {
        beginNext(job, now);
      }
      return;
    }
    var schedule = job.getSpec().getSchedule();
    var earlier = before.getSpec().getSchedule();
    if (!before.getSpec().hasSchedule()
        || !earlier.getExpression().equals(schedule.getExpression())
        || !earlier.getTimezone().equals(schedule.getTimezone())
        || isSuspended(before.getSpec())) {
      // What another schedule would have begun by now, or this one when it was not in force, is
      // not made up for.
      job.getJobStatusBuilder().setScheduledAt(Times.timestamp(now));
    }
    if (isSuspended(job.getSpec())) {
      job.getJobStatusBuilder().setWaiting(true);
    } else if (before.getSpec().getTaskTemplate().getForceUpdate()
        != job.getSpec().getTaskTemplate().getForceUpdate()) {
      beginNext(job, now);
    }
  }

  /// Whether a job's task belongs to its present iteration. Of other services every task is
  /// present.
  public static boolean isPresent(Service service, Task task) {
    return !isJob(service) || iteration(task) == iteration(service);
  }

  /// Whether a job's task belongs to an iteration that goes on: the present one, or an earlier one
  /// where the schedule allows several.
  public static boolean goesOn(Service job, Task task) {
    return !job.getJobStatus().getWaiting() && (isPresent(job, task) || allowsSeveral(job));
  }

  /// Whether a run goes on beside the next one.
  public static boolean allowsSeveral(Service job) {
    return Defaults.concurrency(job.getSpec().getSchedule())
        == ScheduleConcurrency.SCHEDULE_CONCURRENCY_ALLOW;
  }

  /// The number of a job's present iteration; 0 of other services.
  public static long iteration(Service job) {
    return job.getJobStatus().getJobIteration().getIndex();
  }

  /// The number of the iteration that the task belongs to; 0 where it is of no job.
  public static long iteration(Task task) {
    return task.getJobIteration().getIndex();
  }

  public static boolean isComplete(Task task) {
    return task.getStatus().getState() == TaskState.TASK_STATE_COMPLETE;
  }
}
