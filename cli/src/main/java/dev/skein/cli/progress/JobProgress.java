package dev.skein.cli.progress;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import dev.skein.cli.progress.Convergence.Look;
import dev.skein.cli.progress.Convergence.Outcome;
import dev.skein.cli.progress.Convergence.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Decides from what the daemon says, look after look, how far a job's present iteration is. A job
/// has nothing to stay as: it is done when its tasks have completed. Wording is Docker's; unlike
/// Docker's it ends when the tasks that are left have failed for good.
final class JobProgress {
  /// How long a job may have nothing left to do, in nanoseconds, before this is taken as its end:
  /// tasks are made, and replaced, a moment after there is reason to.
  static final long QUIET_NANOS = 2_000_000_000L;

  private static final Set<String> FAILED = Set.of("failed", "rejected", "shutdown", "orphaned");

  private boolean quiet;
  private long quietSince;

  static boolean isJob(JsonObject service) {
    return Json.at(service, "Spec.Mode.ReplicatedJob") != null
        || Json.at(service, "Spec.Mode.GlobalJob") != null;
  }

  /// Looks once.
  ///
  /// @param service the job as inspected
  /// @param tasks its tasks of the current specification
  /// @param down ids of the nodes that are down
  /// @param nowNanos monotonic time
  Look look(JsonObject service, Iterable<JsonElement> tasks, Set<String> down, long nowNanos) {
    if (Json.at(service, "Spec.Schedule") != null) {
      String next = Json.text(service, "JobStatus.NextExecution");
      return nothingToWaitFor(
          next.isEmpty()
              ? "job suspended: no task shall complete"
              : "job scheduled: the next run is due at " + next);
    }
    if (Json.text(service, "JobStatus.Waiting").equals("true")) {
      return nothingToWaitFor("no run goes on: the job runs when it is updated or forced to");
    }
    boolean global = Json.at(service, "Spec.Mode.GlobalJob") != null;
    Map<String, JsonObject> bySlot = newest(service, tasks, global);
    int completed = 0;
    int active = 0;
    String failure = "";
    List<Slot> slots = new ArrayList<>();
    for (JsonObject task : bySlot.values()) {
      String state = Json.text(task, "Status.State");
      if (state.equals("complete")) {
        completed++;
      } else if (FAILED.contains(state)) {
        failure = Json.text(task, "Status.Err");
      } else if (!(global && down.contains(Json.text(task, "NodeID")))) {
        active++;
        slots.add(Convergence.slot(task, null, down));
      }
    }
    int total =
        global
            ? completed + active
            : (int) Json.number(service, "Spec.Mode.ReplicatedJob.TotalCompletions", 1);
    int concurrent = (int) Json.number(service, "Spec.Mode.ReplicatedJob.MaxConcurrent", total);
    List<String> overall =
        List.of(
            "job progress: " + completed + " out of " + total + " complete",
            "active tasks: "
                + active
                + " out of "
                + Math.max(0, Math.min(concurrent, total - completed))
                + " tasks");
    return new Look(
        overall,
        active,
        total,
        false,
        slots,
        -1,
        outcome(completed, active, total, failure, nowNanos));
  }

  private static Look nothingToWaitFor(String note) {
    return new Look(List.of(), 0, 0, false, List.of(), -1, new Outcome(null, note));
  }

  private @Nullable Outcome outcome(
      int completed, int active, int total, String failure, long nowNanos) {
    if (completed >= total && total > 0) {
      return new Outcome(null, "job complete");
    }
    if (active > 0) {
      quiet = false;
      return null;
    }
    if (!quiet) {
      quiet = true;
      quietSince = nowNanos;
    }
    if (nowNanos - quietSince < QUIET_NANOS) {
      return null;
    }
    if (total == 0) {
      return new Outcome(null, "job complete: no node runs it");
    }
    return failure.isEmpty()
        ? null
        : new Outcome(
            "job failed: %d of %d tasks did not complete: %s"
                .formatted(total - completed, total, failure));
  }

  private static Map<String, JsonObject> newest(
      JsonObject service, Iterable<JsonElement> tasks, boolean global) {
    long iteration = Json.number(service, "JobStatus.JobIteration.Index", 0);
    Map<String, JsonObject> bySlot = new HashMap<>();
    for (JsonElement element : tasks) {
      JsonObject task = element.getAsJsonObject();
      if (Json.number(task, "JobIteration.Index", 0) == iteration) {
        bySlot.merge(
            Json.text(task, global ? "NodeID" : "Slot"),
            task,
            (a, b) -> Json.text(a, "CreatedAt").compareTo(Json.text(b, "CreatedAt")) >= 0 ? a : b);
      }
    }
    return bySlot;
  }
}
