package dev.skein.cli.progress;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.ProcessRuntime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Decides from what the daemon says, look after look, how far a service is: pure but for the time
/// since which it has been as wanted.
///
/// Rules and wording are Docker's, except that a rollback that the user did not ask for ends in
/// failure, and that a process service is watched for one second unless it names a period.
final class Convergence {
  /// How long a service must stay as wanted, in nanoseconds, unless it names a period.
  static final long MONITOR_NANOS = 5_000_000_000L;

  /// The same for process services, which start at once or not at all.
  static final long MONITOR_PROCESS_NANOS = 1_000_000_000L;

  /// How long a global service may have no task at all before this is taken as wanted: its tasks
  /// are made one after another.
  static final long EMPTY_GLOBAL_NANOS = 2_000_000_000L;

  private static final List<String> STATES =
      List.of(
          "new",
          "allocated",
          "pending",
          "assigned",
          "accepted",
          "preparing",
          "ready",
          "starting",
          "running");
  private static final Set<String> STOPPED =
      Set.of("complete", "shutdown", "failed", "rejected", "remove", "orphaned");

  private final boolean rollbackAsked;
  private boolean rollback;
  private boolean asWanted;
  private long asWantedSince;

  /// @param rollbackAsked whether the user asked for a rollback, so that one is no failure
  Convergence(boolean rollbackAsked) {
    this.rollbackAsked = rollbackAsked;
  }

  /// One slot, or one node of a global service.
  ///
  /// @param state its task's state; empty while there is no task
  /// @param stage how far that is, 0-9
  /// @param problem why it does not run, or empty
  record Slot(String state, int stage, String problem) {
    boolean running() {
      return stage == STATES.size();
    }
  }

  /// What is to be shown after one look.
  ///
  /// @param overall how far the service as a whole is, in lines
  /// @param running tasks that run
  /// @param wanted tasks that shall run
  /// @param rollback whether an update is being rolled back
  /// @param slots in their order
  /// @param stableInNanos how long it still has to stay so; negative while it is not as wanted
  /// @param outcome null while it goes on
  record Look(
      List<String> overall,
      int running,
      int wanted,
      boolean rollback,
      List<Slot> slots,
      long stableInNanos,
      @Nullable Outcome outcome) {}

  /// How it ended.
  ///
  /// @param failure what failed, or null for success
  /// @param note what a success means, where that is not that all is as wanted for good
  record Outcome(@Nullable String failure, String note) {
    Outcome(@Nullable String failure) {
      this(failure, "");
    }
  }

  /// Looks once.
  ///
  /// @param service the service as inspected
  /// @param tasks its tasks of the current specification
  /// @param down ids of the nodes that are down
  /// @param nowNanos monotonic time
  Look look(JsonObject service, Iterable<JsonElement> tasks, Set<String> down, long nowNanos) {
    boolean global = Json.at(service, "Spec.Mode.Global") != null;
    Map<String, JsonObject> bySlot = currentTasks(tasks, global);
    Map<String, JsonObject> failed = lastFailures(tasks, global);
    int wanted =
        global
            ? (int) bySlot.values().stream().filter(task -> !isDown(task, down)).count()
            : (int) Json.number(service, "Spec.Mode.Replicated.Replicas", 1);
    List<Slot> slots = new ArrayList<>();
    int running = 0;
    for (Map.Entry<String, JsonObject> entry : bySlot.entrySet()) {
      JsonObject task = entry.getValue();
      Slot slot = slot(task, failed.get(entry.getKey()), down);
      if (global && isDown(task, down)) {
        continue;
      }
      slots.add(slot);
      running += slot.running() ? 1 : 0;
    }
    while (!global && slots.size() < wanted) {
      slots.add(new Slot("", 0, ""));
    }
    Outcome end = updateEnd(service);
    List<String> overall =
        List.of(
            "overall progress: "
                + (rollback ? "rolling back update: " : "")
                + running
                + " out of "
                + wanted
                + " tasks");
    if (end != null) {
      return new Look(overall, running, wanted, rollback, slots, -1, end);
    }
    if (running != wanted) {
      asWanted = false;
      return new Look(overall, running, wanted, rollback, slots, -1, null);
    }
    if (!asWanted) {
      asWanted = true;
      asWantedSince = nowNanos;
    }
    long period = monitorNanos(service);
    if (global && wanted == 0) {
      period = Math.max(period, EMPTY_GLOBAL_NANOS);
    } else if (wanted == 0) {
      period = 0;
    }
    long left = period - (nowNanos - asWantedSince);
    // All tasks may run before it is noted that the rollback is complete.
    boolean over = left <= 0 && !updateState(service).equals("rollback_started");
    Outcome outcome = over ? new Outcome(rolledBack(service)) : null;
    return new Look(overall, running, wanted, rollback, slots, Math.max(0, left), outcome);
  }

  /// How long the service must stay as wanted, in nanoseconds.
  static long monitorNanos(JsonObject service) {
    long named = Json.number(service, "Spec.UpdateConfig.Monitor", -1);
    if (named >= 0) {
      return named;
    }
    return ProcessRuntime.is(Json.object(service, "Spec.TaskTemplate"))
        ? MONITOR_PROCESS_NANOS
        : MONITOR_NANOS;
  }

  // An update that came back to where it began has not done what it was asked to.
  private @Nullable String rolledBack(JsonObject service) {
    return !rollbackAsked && updateState(service).equals("rollback_completed")
        ? "service rolled back: " + Json.text(service, "UpdateStatus.Message")
        : null;
  }

  private static String updateState(JsonObject service) {
    return Json.text(service, "UpdateStatus.State");
  }

  private @Nullable Outcome updateEnd(JsonObject service) {
    String message = Json.text(service, "UpdateStatus.Message");
    switch (updateState(service)) {
      case "paused" -> {
        return new Outcome("service update paused: " + message);
      }
      case "canary" -> {
        return new Outcome(null, message);
      }
      case "rollback_started" -> rollback = true;
      case "rollback_paused" -> {
        return new Outcome("service rollback paused: " + message);
      }
      default -> {}
    }
    return null;
  }

  // The newest task of each slot that is to run; failing that, the newest that failed, for its
  // error.
  private static Map<String, JsonObject> currentTasks(Iterable<JsonElement> tasks, boolean global) {
    Map<String, JsonObject> bySlot =
        new TreeMap<>(Comparator.comparingInt(String::length).thenComparing(key -> key));
    for (JsonElement element : tasks) {
      JsonObject task = element.getAsJsonObject();
      if (STOPPED.contains(Json.text(task, "DesiredState"))) {
        continue;
      }
      String key = Json.text(task, global ? "NodeID" : "Slot");
      JsonObject known = bySlot.get(key);
      if (known == null
          || stage(task) > stage(known)
          || (stage(task) == stage(known)
              && Json.text(task, "CreatedAt").compareTo(Json.text(known, "CreatedAt")) > 0)) {
        bySlot.put(key, task);
      }
    }
    return bySlot;
  }

  // A slot whose tasks fail again and again always has a fresh one: the reason is in the last.
  private static Map<String, JsonObject> lastFailures(Iterable<JsonElement> tasks, boolean global) {
    Map<String, JsonObject> failures = new HashMap<>();
    for (JsonElement element : tasks) {
      JsonObject task = element.getAsJsonObject();
      String state = Json.text(task, "Status.State");
      if (state.equals("failed") || state.equals("rejected")) {
        failures.merge(
            Json.text(task, global ? "NodeID" : "Slot"),
            task,
            (a, b) -> Json.text(a, "CreatedAt").compareTo(Json.text(b, "CreatedAt")) >= 0 ? a : b);
      }
    }
    return failures;
  }

  static int stage(JsonObject task) {
    return STATES.indexOf(Json.text(task, "Status.State")) + 1;
  }

  private static boolean isDown(JsonObject task, Set<String> down) {
    return down.contains(Json.text(task, "NodeID"));
  }

  static Slot slot(JsonObject task, @Nullable JsonObject failed, Set<String> down) {
    String state = Json.text(task, "Status.State");
    if (isDown(task, down)) {
      return new Slot(state, 0, "its node is down");
    }
    int stage = stage(task);
    String problem = Json.text(task, "Status.Err");
    if (problem.isEmpty() && stage < STATES.size()) {
      problem = Json.text(failed, "Status.Err");
    }
    return new Slot(state, stage, problem);
  }
}
