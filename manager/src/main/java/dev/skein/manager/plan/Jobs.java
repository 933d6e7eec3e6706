package dev.skein.manager.plan;

import dev.skein.proto.v1.JobStatus;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.Version;
import dev.skein.state.Mode;
import dev.skein.state.Times;
import java.time.Instant;

/// The runs of a job. Each run, an iteration, begins with none of its tasks done; the tasks of
/// earlier ones are history.
public final class Jobs {
  private Jobs() {}

  public static boolean isJob(Service service) {
    return Mode.of(service.getSpec()).isJob();
  }

  /// Begins a new job's first iteration, numbered 0.
  public static void begin(Service.Builder job, Instant now) {
    job.setJobStatus(
        JobStatus.newBuilder()
            .setJobIteration(Version.getDefaultInstance())
            .setLastExecution(Times.timestamp(now)));
  }

  /// Begins the next iteration: whatever still runs of the present one is stopped.
  public static void beginNext(Service.Builder job, Instant now) {
    var iteration = job.getJobStatus().getJobIteration().getIndex() + 1;
    job.setJobStatus(
        JobStatus.newBuilder()
            .setJobIteration(Version.newBuilder().setIndex(iteration))
            .setLastExecution(Times.timestamp(now)));
  }

  /// Whether a job's task belongs to its present iteration. Of other services every task is
  /// present.
  public static boolean isPresent(Service service, Task task) {
    return !isJob(service)
        || task.getJobIteration().getIndex() == service.getJobStatus().getJobIteration().getIndex();
  }

  public static boolean isComplete(Task task) {
    return task.getStatus().getState() == TaskState.TASK_STATE_COMPLETE;
  }
}
