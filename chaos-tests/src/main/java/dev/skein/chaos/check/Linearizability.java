package dev.skein.chaos.check;

import dev.skein.chaos.check.LinearSearch.Result;
import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/// Whether each object's operations look as if they had been done one after the other, each at some
/// moment between its call and its return. Objects are independent, so each is searched by itself.
///
/// Uses neither Raft indexes nor anything else that the cluster says of itself.
///
/// 50,000 operations of 8 clients on 50 objects, with none to 10 % of unknown outcome, take 0.1 to
/// 0.6 s; the same on one object 0.2 s (`LinearizabilityTest`, two EPYC cores).
public final class Linearizability {
  /// Its name in verdicts.
  public static final String CHECK = "linearizable";

  /// The steps that are made for one object by default: some seconds' worth, and at the very most
  /// half a gigabyte of memory.
  public static final long STEPS_MAX = 4_000_000;

  private Linearizability() {}

  /// Checks a history in which no object exists at first.
  public static Verdict check(List<Operation> history) {
    return check(history, STEPS_MAX);
  }

  /// As the other.
  ///
  /// @param stepsMax for each object; when they do not suffice the verdict is undecided
  public static Verdict check(List<Operation> history, long stepsMax) {
    Map<String, List<Operation>> byKey =
        history.stream()
            .collect(Collectors.groupingBy(Operation::key, TreeMap::new, Collectors.toList()));
    var undecided = new ArrayList<String>();
    var violated = new ArrayList<String>();
    for (var object : byKey.entrySet()) {
      switch (new LinearSearch(object.getValue(), stepsMax).from(Register.ABSENT)) {
        case LINEARIZABLE -> {}
        case UNDECIDED -> undecided.add(object.getKey());
        case NOT_LINEARIZABLE -> violated.add(object.getKey());
      }
    }
    if (!violated.isEmpty()) {
      var first = violated.getFirst();
      return violation(first, byKey.getOrDefault(first, List.of()), stepsMax, violated.size());
    }
    if (!undecided.isEmpty()) {
      return new Verdict.Undecided(
          CHECK, "%d steps did not suffice for each of %s".formatted(stepsMax, undecided));
    }
    return new Verdict.Held(
        CHECK,
        Map.of(
            "objects", (long) byKey.size(),
            "operations", history.stream().filter(LinearSearch::isKnown).count(),
            "unknown", history.stream().filter(Operation::isPossibleChange).count()));
  }

  /// Of the first object, with the number of all that are violated.
  private static Verdict violation(
      String key, List<Operation> operations, long stepsMax, long count) {
    var prefix = shortestPrefix(operations, stepsMax);
    var window = shortestWindow(prefix, stepsMax);
    var origin = window.stream().mapToLong(Operation::invokedNanos).min().orElse(0);
    return new Verdict.Violated(
        CHECK,
        "no order of %s's operations explains these, whatever it held before".formatted(key),
        window.stream()
            .sorted(Comparator.comparingLong(Operation::returnedNanos))
            .map(operation -> operation.line(origin))
            .toList(),
        count);
  }

  private static List<Operation> byReturn(List<Operation> operations) {
    return operations.stream()
        .filter(LinearSearch::isKnown)
        .sorted(Comparator.comparingLong(Operation::returnedNanos))
        .toList();
  }

  /// What was known when the first violation could be seen: a history that is not linearizable has
  /// no linearizable continuation, so its shortest such prefix is found by halving.
  private static List<Operation> shortestPrefix(List<Operation> operations, long stepsMax) {
    var ends = byReturn(operations);
    var count =
        smallest(
            ends.size(),
            n ->
                new LinearSearch(until(operations, ends.get(n - 1).returnedNanos()), stepsMax)
                        .from(Register.ABSENT)
                    == Result.NOT_LINEARIZABLE);
    return until(operations, ends.get(count - 1).returnedNanos());
  }

  /// The history as it was at a time: what had not returned has an unknown outcome.
  private static List<Operation> until(List<Operation> operations, long nanos) {
    var seen = new ArrayList<Operation>();
    for (var operation : operations) {
      if (operation.invokedNanos() <= nanos) {
        seen.add(operation.returnedNanos() <= nanos ? operation : unreturned(operation));
      }
    }
    return seen;
  }

  private static Operation unreturned(Operation operation) {
    var tells = LinearSearch.isKnown(operation) && operation.kind().mutates();
    var done = tells && operation.outcome() == Outcome.DONE;
    return new Operation(
        operation.client(),
        operation.key(),
        operation.kind(),
        operation.content(),
        operation.expected(),
        done || operation.isPossibleChange() ? Outcome.UNKNOWN : Outcome.NOT_DONE,
        operation.reason(),
        operation.index(),
        operation.invokedNanos(),
        operation.returnedNanos(),
        operation.manager());
  }

  /// The end of a prefix that is a violation whatever the object held before. What ended earlier is
  /// left out, but for changes that may have met what is left: these may have come at any time.
  private static List<Operation> shortestWindow(List<Operation> prefix, long stepsMax) {
    var ends = byReturn(prefix);
    var count = smallest(ends.size(), n -> isViolationAnyway(lastOf(prefix, ends, n), stepsMax));
    var window = lastOf(prefix, ends, count);
    return isViolationAnyway(window, stepsMax) ? withoutIdle(window) : prefix;
  }

  private static List<Operation> lastOf(List<Operation> prefix, List<Operation> ends, int count) {
    var kept = ends.subList(ends.size() - count, ends.size());
    Set<Operation> known = new HashSet<>(kept);
    var begin = kept.stream().mapToLong(Operation::invokedNanos).min().orElse(0);
    var window = new ArrayList<>(kept);
    for (var operation : prefix) {
      if (operation.isPossibleChange()
          || (!known.contains(operation)
              && operation.isAcknowledgedChange()
              && operation.returnedNanos() >= begin)) {
        window.add(operation.isPossibleChange() ? operation : unreturned(operation));
      }
    }
    return window;
  }

  private static boolean isViolationAnyway(List<Operation> window, long stepsMax) {
    var states = new HashSet<Long>(Set.of(Register.ABSENT, Register.OTHER));
    for (var operation : window) {
      states.add(operation.stamp());
      states.add(operation.expected());
    }
    return states.stream()
        .allMatch(
            state -> new LinearSearch(window, stepsMax).from(state) == Result.NOT_LINEARIZABLE);
  }

  /// Leaves out the changes of unknown outcome that nobody else in the window refers to.
  private static List<Operation> withoutIdle(List<Operation> window) {
    var meant = new HashSet<Long>();
    for (var operation : window) {
      meant.add(operation.expected());
      if (operation.kind() == Kind.READ) {
        meant.add(operation.stamp());
      }
    }
    return window.stream()
        .filter(operation -> !operation.isPossibleChange() || meant.contains(operation.stamp()))
        .toList();
  }

  /// The smallest number from 1 to `most` that holds; `most` is taken to hold, and all above one
  /// that does.
  private static int smallest(int most, IntPredicate holds) {
    var low = 1;
    var high = 1;
    while (high < most && !holds.test(high)) {
      low = high + 1;
      high = Math.min(most, high * 2);
    }
    while (low < high) {
      var middle = (low + high) >>> 1;
      if (holds.test(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
