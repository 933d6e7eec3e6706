package dev.skein.chaos.check;

import dev.skein.chaos.check.Glimpse.ServiceView;
import dev.skein.chaos.check.Glimpse.TaskView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Whether each slot had one wanted task at most at any moment that was looked at, and whether two
/// tasks of a slot never really ran beside each other for longer than it takes to notice a dead
/// node and to stop a task. Services that are updated start-first are left out.
///
/// Keeps of what it saw only what is going on. One thread.
public final class SlotUniqueness {
  /// Its name in verdicts.
  public static final String CHECK = "slots-unique";

  private final Duration overlapMax;
  // When two tasks of a place were first seen to run beside each other, while they do.
  private final Map<String, Long> overlapSince = new HashMap<>();
  private final Set<String> duplicates = new HashSet<>();
  private Verdict.@Nullable Violated violation;
  private long glimpses;
  private long tasks;
  private long longestOverlapNanos;

  /// Has seen nothing yet.
  ///
  /// @param overlapMax how long two tasks of a slot may really run at once: until a node counts as
  ///     down, and a task's grace period
  public SlotUniqueness(Duration overlapMax) {
    this.overlapMax = overlapMax;
  }

  /// Looks once.
  ///
  /// @param running ids of the tasks that really run, whatever managers know of them
  public void observe(Glimpse glimpse, Set<String> running) {
    glimpses++;
    tasks += glimpse.tasks().size();
    Set<String> startFirst =
        glimpse.services().stream()
            .filter(ServiceView::startFirst)
            .map(ServiceView::id)
            .collect(Collectors.toSet());
    Map<String, List<TaskView>> places =
        glimpse.tasks().stream()
            .filter(task -> !startFirst.contains(task.service()))
            .filter(task -> task.slot() > 0 || !task.node().isEmpty())
            .collect(Collectors.groupingBy(TaskView::place));
    for (var place : places.entrySet()) {
      wanted(place.getKey(), place.getValue());
      overlap(glimpse.nanos(), place.getKey(), place.getValue(), running);
    }
    overlapSince.keySet().retainAll(places.keySet());
  }

  private void wanted(String place, List<TaskView> tasks) {
    var wanted =
        tasks.stream().filter(TaskView::isWanted).filter(task -> !task.hasEnded()).toList();
    if (wanted.size() > 1) {
      violated(place, place + " has " + wanted.size() + " tasks that shall run", wanted);
    }
  }

  private void overlap(long nanos, String place, List<TaskView> tasks, Set<String> running) {
    var both = tasks.stream().filter(task -> running.contains(task.id())).toList();
    if (both.size() < 2) {
      overlapSince.remove(place);
      return;
    }
    var lasted = nanos - overlapSince.computeIfAbsent(place, _ -> nanos);
    longestOverlapNanos = Math.max(longestOverlapNanos, lasted);
    if (lasted > overlapMax.toNanos()) {
      violated(
          place,
          "%d tasks of %s run at once for %d ms, more than %d"
              .formatted(
                  both.size(), place, Duration.ofNanos(lasted).toMillis(), overlapMax.toMillis()),
          both);
    }
  }

  private void violated(String place, String what, List<TaskView> tasks) {
    duplicates.add(place);
    if (violation == null) {
      var witness = new ArrayList<String>();
      tasks.forEach(task -> witness.add(task.toString()));
      violation = new Verdict.Violated(CHECK, what, witness);
    }
  }

  /// What was found so far.
  public Verdict verdict() {
    if (violation != null) {
      return new Verdict.Violated(CHECK, violation.what(), violation.witness(), duplicates.size());
    }
    return glimpses == 0
        ? new Verdict.Undecided(CHECK, "nobody looked")
        : new Verdict.Held(
            CHECK,
            Map.of(
                "glimpses", glimpses,
                "tasks", tasks,
                "longest-overlap-ms", Duration.ofNanos(longestOverlapNanos).toMillis()));
  }
}
