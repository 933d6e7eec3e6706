package dev.skein.chaos.experiment;

import dev.skein.chaos.check.Glimpse;
import dev.skein.chaos.check.SlotUniqueness;
import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.experiment.Experiment.Step;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.workload.RunningTasks;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Looks whether each slot has one task: by what managers tell, and where the tasks run on this
/// machine, by what really runs too. One thread looks; any thread asks.
final class SlotWatch {

  /// How long two tasks of a slot may run beside each other when no node is cut off: until a node
  /// is down, and a grace period.
  static final Duration OVERLAP_MAX = Duration.ofSeconds(30);

  /// Between two faults with less than this between them, a node may not hear of anything.
  private static final Duration HEARS_WITHIN = Duration.ofSeconds(5);

  private static final String OVERLAP = "longest-overlap-ms";

  private final Optional<Processes> processes;
  private final SlotUniqueness slots;

  /// @param processes tells which tasks really run; empty where that can't be seen
  /// @param overlapMax how long two tasks of a slot may run beside each other
  SlotWatch(Optional<Processes> processes, Duration overlapMax) {
    this.processes = processes;
    this.slots = new SlotUniqueness(overlapMax);
  }

  /// For a cluster that these steps are done to.
  static SlotWatch of(Cluster cluster, List<Step> method) {
    return new SlotWatch(
        cluster instanceof Lab ? Optional.of(RunningTasks::ids) : Optional.empty(),
        OVERLAP_MAX.plus(longestTrouble(method)));
  }

  /// The ids of the tasks that really run.
  interface Processes {
    /// Looks.
    Set<String> ids() throws IOException;
  }

  /// What managers tell.
  interface Told {
    /// Asks.
    Glimpse glimpse() throws IOException;
  }

  /// For how long a node may hear of nothing, at most: until then it rightly keeps its tasks, while
  /// they run elsewhere too. Pure.
  static Duration longestTrouble(List<Step> method) {
    var longest = Duration.ZERO;
    var begin = Duration.ZERO;
    var end = Duration.ZERO;
    for (var step : method.stream().sorted(Comparator.comparing(Step::at)).toList()) {
      if (step.at().compareTo(end.plus(HEARS_WITHIN)) > 0) {
        begin = step.at();
      }
      end = end.compareTo(step.end()) > 0 ? end : step.end();
      var lasts = end.minus(begin);
      longest = longest.compareTo(lasts) > 0 ? longest : lasts;
    }
    return longest;
  }

  /// Looks once.
  ///
  /// @return what managers told
  Glimpse look(Told told) throws IOException {
    if (processes.isEmpty()) {
      var glimpse = told.glimpse();
      observe(glimpse, Set.of());
      return glimpse;
    }
    var running = new HashSet<>(processes.get().ids());
    var glimpse = told.glimpse();
    // What ran before and after the managers were asked ran meanwhile.
    running.retainAll(processes.get().ids());
    observe(glimpse, running);
    return glimpse;
  }

  private synchronized void observe(Glimpse glimpse, Set<String> running) {
    slots.observe(glimpse, running);
  }

  /// Why not all of it can be seen from here, if it can't.
  Optional<String> unseen() {
    return processes.isPresent()
        ? Optional.empty()
        : Optional.of(
            "by what managers tell; whether two tasks of a slot really ran at once was not looked"
                + " at, because their processes can't be seen from here");
  }

  /// What was found so far. It counts no overlap where none can be seen.
  synchronized Verdict verdict() {
    var verdict = slots.verdict();
    if (processes.isEmpty() && verdict instanceof Verdict.Held held) {
      var counts = new HashMap<>(held.counts());
      counts.remove(OVERLAP);
      return new Verdict.Held(held.check(), counts);
    }
    return verdict;
  }
}
