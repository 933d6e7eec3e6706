package dev.skein.chaos.check;

import dev.skein.chaos.check.Verdict.Violated;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Whether the Raft indexes of the answers agree with real time and with what was read; in
/// O(n log n), so that it finds in any history what [Linearizability] would search for too long.
///
/// - What was called after another operation had returned has no lower index; a change has a higher
///   one.
/// - Two changes of one object never share an index.
/// - A read at an index sees the acknowledged change of the object with the highest index up to
///   that, or a change of unknown outcome; so does a comparing change that took effect.
public final class IndexOrder {
  /// Its name in verdicts.
  public static final String CHECK = "index-order";

  private IndexOrder() {}

  /// Checks a history in which no object exists at first.
  public static Verdict check(List<Operation> history) {
    var indexed =
        history.stream()
            .filter(operation -> operation.outcome() == Outcome.DONE && operation.index() > 0)
            .toList();
    var missing =
        history.stream()
            .filter(Operation::isAcknowledgedChange)
            .filter(operation -> operation.index() == 0)
            .findFirst();
    if (missing.isPresent()) {
      return new Verdict.Undecided(
          CHECK,
          "an acknowledged change has no index: "
              + missing.get().line(missing.get().invokedNanos()));
    }
    var violated = new ArrayList<Violated>();
    realTime(indexed).ifPresent(violated::add);
    violated.addAll(objects(history));
    if (!violated.isEmpty()) {
      var first = violated.getFirst();
      return new Violated(CHECK, first.what(), first.witness(), violated.size());
    }
    return new Verdict.Held(CHECK, Map.of("operations", (long) indexed.size()));
  }

  private static Optional<Violated> realTime(List<Operation> indexed) {
    var calls = indexed.stream().sorted(Comparator.comparingLong(Operation::invokedNanos)).toList();
    var returns =
        indexed.stream().sorted(Comparator.comparingLong(Operation::returnedNanos)).toList();
    @Nullable Operation latest = null;
    var returned = 0;
    for (var call : calls) {
      while (returns.get(returned).returnedNanos() < call.invokedNanos()) {
        var candidate = returns.get(returned++);
        if (latest == null || candidate.index() > latest.index()) {
          latest = candidate;
        }
      }
      if (latest != null
          && (call.index() < latest.index()
              || (call.kind().mutates() && call.index() == latest.index()))) {
        return violated("the second was called after the first had returned", latest, call);
      }
    }
    return Optional.empty();
  }

  /// What the first wrong operation of each object shows.
  private static List<Violated> objects(List<Operation> history) {
    Map<String, List<Operation>> byKey = new HashMap<>();
    for (var operation : history) {
      byKey.computeIfAbsent(operation.key(), _ -> new ArrayList<>()).add(operation);
    }
    return byKey.values().stream().map(IndexOrder::object).flatMap(Optional::stream).toList();
  }

  /// One object's operations in the order of their indexes; a change before the reads of its index.
  private static Optional<Violated> object(List<Operation> operations) {
    Map<Long, Operation> unknown = new HashMap<>();
    var ordered = new ArrayList<Operation>();
    for (var operation : operations) {
      if (operation.isPossibleChange()) {
        // Of several removals the first is as good as any: it may come the earliest.
        unknown.merge(
            operation.stamp(),
            operation,
            (one, other) -> one.invokedNanos() <= other.invokedNanos() ? one : other);
      } else if (operation.outcome() == Outcome.DONE && operation.index() > 0) {
        ordered.add(operation);
      }
    }
    ordered.sort(
        Comparator.comparingLong(Operation::index)
            .thenComparingInt(operation -> operation.kind().mutates() ? 0 : 1));
    @Nullable Operation last = null;
    for (var operation : ordered) {
      var needed = operation.kind().mutates() ? operation.expected() : operation.stamp();
      var depends = operation.kind().compares() || !operation.kind().mutates();
      if (depends && needed != stamp(last) && !mayBe(unknown.get(needed), operation)) {
        var seen = written(operations, needed);
        return violated(
            "the last is true at index %d, where the object held %d, not %d"
                .formatted(operation.index(), stamp(last), needed),
            seen,
            last,
            operation);
      }
      if (operation.kind().mutates()) {
        if (last != null && last.index() == operation.index()) {
          return violated("two changes of one object have one index", last, operation);
        }
        last = operation;
      }
    }
    return Optional.empty();
  }

  private static boolean mayBe(@Nullable Operation unknown, Operation seenBy) {
    return unknown != null && unknown.invokedNanos() <= seenBy.returnedNanos();
  }

  private static long stamp(@Nullable Operation change) {
    return change == null ? Register.ABSENT : change.stamp();
  }

  private static @Nullable Operation written(List<Operation> operations, long stamp) {
    return operations.stream()
        .filter(operation -> operation.kind().mutates() && operation.stamp() == stamp)
        .findFirst()
        .orElse(null);
  }

  private static Optional<Violated> violated(String what, @Nullable Operation... operations) {
    var witness = new ArrayList<String>();
    var origin = Long.MAX_VALUE;
    for (var operation : operations) {
      origin = operation == null ? origin : Math.min(origin, operation.invokedNanos());
    }
    for (var operation : operations) {
      if (operation != null) {
        witness.add(operation.line(origin));
      }
    }
    return Optional.of(new Violated(CHECK, what, witness));
  }
}
