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
    private long calls;
    private long lost;
    private int broken;
  }

  private final Map<String, Line> lines = new LinkedHashMap<>();
  private final Map<String, String> skipped = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();
  private final List<String> dear = new ArrayList<>();
  private long calls;
  private long lost;
  private int faults;
  private Duration worstGap = Duration.ZERO;

  /// A fault was injected and has ended, and the cluster is whole again.
  ///
  /// @param gap the longest time without an acknowledged change from its beginning on
  /// @param convergence from its end until all nodes were ready and all tasks ran
  /// @param requests that were made from its beginning until then
  void add(Row row, Duration gap, Duration convergence, Requests requests) {
    if (requests.lost().size() > row.lostMax()) {
      var what =
          "%d of %d calls were lost through other nodes, more than %d"
              .formatted(requests.lost().size(), requests.calls(), row.lostMax());
      problem(row, what);
      dear.add(row.name() + ": " + what);
    }
    var line = lines.computeIfAbsent(row.name(), name -> new Line());
    line.calls += requests.calls();
    line.lost += requests.lost().size();
    calls += requests.calls();
    lost += requests.lost().size();
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

  /// Whether no fault cost more calls than its row allows.
  Verdict requests() {
    if (!dear.isEmpty()) {
      return new Verdict.Violated(
          Requests.CHECK, "faults cost more calls than they may", dear, dear.size());
    }
    return calls == 0
        ? new Verdict.Undecided(Requests.CHECK, "no call was made")
        : new Verdict.Held(Requests.CHECK, Map.of("calls", calls, "lost", lost));
  }

  /// The rows of which nothing could be injected.
  List<String> skipped() {
    return skipped.keySet().stream().filter(name -> !wasInjected(name)).toList();
  }

  private boolean wasInjected(String name) {
    var line = lines.get(name);
    return line != null && line.count > 0;
  }

  /// The matrix with the verdicts on the whole run. As these tell of no single fault, no row is
  /// said to have held while one of them did not.
  String text(List<Verdict> verdicts) {
    var unclear =
        verdicts.stream()
            .filter(verdict -> !verdict.check().equals(Requests.CHECK))
            .filter(verdict -> !(verdict instanceof Verdict.Held))
            .map(Verdict::check)
            .toList();
    var text = new StringBuilder();
    text.append(
        "%-32s %5s  %-10s %14s %18s %14s%n"
            .formatted(
                "FAULT", "COUNT", "INVARIANTS", "WORST GAP ms", "CONVERGED IN ms", "LOST CALLS"));
    lines.forEach(
        (name, line) ->
            text.append(
                "%-32s %5d  %-10s %14d %18d %14s%n"
                    .formatted(
                        name,
                        line.count,
                        line.broken > 0
                            ? line.broken + " BROKEN"
                            : unclear.isEmpty() ? "held" : "?",
                        line.gap.toMillis(),
                        line.convergence.toMillis(),
                        line.lost + "/" + line.calls)));
    skipped.forEach((name, why) -> text.append("%-32s skipped: %s%n".formatted(name, why)));
    if (!unclear.isEmpty()) {
      text.append(
          "?: not known to have held, as something of the whole run did not: %s%n"
              .formatted(String.join(", ", unclear)));
    }
    text.append(System.lineSeparator());
    verdicts.forEach(verdict -> text.append(verdict).append(System.lineSeparator()));
    problems.forEach(problem -> text.append("BROKEN ").append(problem).append("\n"));
    return text.toString();
  }
}
