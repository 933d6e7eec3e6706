package dev.skein.chaos.gate;

import dev.skein.chaos.check.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a run of the gate has found so far. One thread.
final class Matrix {

  /// The worst of one kind of fault.
  private static final class Line {
    private int count;
    private Duration gap = Duration.ZERO;
    private Duration convergence = Duration.ZERO;
    private int broken;
  }

  private final Map<String, Line> lines = new LinkedHashMap<>();
  private final Map<String, String> skipped = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();
  private int faults;
  private Duration worstGap = Duration.ZERO;

  /// A fault was injected and has ended, and the cluster is whole again.
  ///
  /// @param gap the longest time without an acknowledged change from its beginning on
  /// @param convergence from its end until all nodes were ready and all tasks ran
  void add(Row row, Duration gap, Duration convergence) {
    var line = lines.computeIfAbsent(row.name(), name -> new Line());
    line.count++;
    faults++;
    line.gap = max(line.gap, gap);
    line.convergence = max(line.convergence, convergence);
    worstGap = max(worstGap, gap);
  }

  private static Duration max(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }

  /// A fault can't be injected here: it is reported, and counts for nothing.
  void skip(Row row, String why) {
    skipped.put(row.name(), why);
  }

  /// Something that must not be was seen while or after a fault was in force.
  void problem(Row row, String what) {
    lines.computeIfAbsent(row.name(), name -> new Line()).broken++;
    problems.add(row.name() + ": " + what);
  }

  /// Faults that were injected.
  int faults() {
    return faults;
  }

  /// The longest time without an acknowledged change.
  Duration worstGap() {
    return worstGap;
  }

  /// Whether nothing was wrong so far.
  boolean isClean() {
    return problems.isEmpty();
  }

  /// The matrix with the verdicts on the whole run.
  String text(List<Verdict> verdicts) {
    var text = new StringBuilder();
    text.append(
        "%-32s %5s  %-10s %14s %18s%n"
            .formatted("FAULT", "COUNT", "INVARIANTS", "WORST GAP ms", "CONVERGED IN ms"));
    lines.forEach(
        (name, line) ->
            text.append(
                "%-32s %5d  %-10s %14d %18d%n"
                    .formatted(
                        name,
                        line.count,
                        line.broken == 0 ? "held" : line.broken + " BROKEN",
                        line.gap.toMillis(),
                        line.convergence.toMillis())));
    skipped.forEach((name, why) -> text.append("%-32s skipped: %s%n".formatted(name, why)));
    text.append(System.lineSeparator());
    verdicts.forEach(verdict -> text.append(verdict).append(System.lineSeparator()));
    problems.forEach(problem -> text.append("BROKEN ").append(problem).append("\n"));
    return text.toString();
  }
}
