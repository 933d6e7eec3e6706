package dev.skein.chaos.check;

import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Looks for an order of one object's operations that keeps to real time and to [Register]: the
/// search of Wing and Gong, with Lowe's cache of what was tried (the set of operations that were
/// placed, and the state they led to) and the linked list of calls and returns of Porcupine.
///
/// An operation whose outcome is unknown may be placed anywhere after its call, or nowhere. It is
/// tried only when nothing else fits, and only where it makes something possible that is not
/// possible without it: in an order with as few of them as can be, each as late as can be, each one
/// does. Of several that would do the same the first is taken. So a run with many of them costs
/// little more than one without.
///
/// One search, used once, by one thread.
final class LinearSearch {
  /// How a search ended.
  enum Result {
    LINEARIZABLE,
    NOT_LINEARIZABLE,
    /// The bound on steps was reached.
    UNDECIDED
  }

  private static final int NONE = -1;

  // Those with a known outcome, by their calls; then those without, by their calls.
  private final Operation[] known;
  private final Operation[] unknown;
  private final long stepsMax;

  // The stamps that some operation depends on. All others are as good as one.
  private final Set<Long> named;
  // For each unknown operation the one before it that does the same.
  private final int[] twin;

  // The list's entries: 0 is its head, 1 + i the call of known[i], 1 + n + i its return.
  private final int[] next;
  private final int[] previous;

  private final long[] placed;
  private final long[] placedUnknown;
  private final Set<Tried> tried = new HashSet<>();
  private final ArrayList<Frame> frames = new ArrayList<>();
  private long steps;
  private int left;
  private int lowest;
  private int highest = NONE;

  /// Takes what is to be put in order.
  ///
  /// @param operations of one object; those that surely did nothing, and reads without an answer,
  ///     say nothing and are left out
  LinearSearch(List<Operation> operations, long stepsMax) {
    var byCall = Comparator.comparingLong(Operation::invokedNanos);
    this.known =
        operations.stream().filter(LinearSearch::isKnown).sorted(byCall).toArray(Operation[]::new);
    this.unknown =
        operations.stream()
            .filter(Operation::isPossibleChange)
            .sorted(byCall)
            .toArray(Operation[]::new);
    this.stepsMax = stepsMax;
    this.named = named();
    this.twin = new int[unknown.length];
    Map<Effect, Integer> latest = new HashMap<>();
    for (var u = 0; u < unknown.length; u++) {
      var before = latest.put(Effect.of(unknown[u], named), u);
      twin[u] = before == null ? NONE : before;
    }
    this.next = new int[2 * known.length + 1];
    this.previous = new int[2 * known.length + 1];
    this.placed = new long[(known.length >> 6) + 1];
    this.placedUnknown = new long[(unknown.length >> 6) + 1];
    this.left = known.length;
    link();
  }

  private Set<Long> named() {
    Set<Long> stamps = new HashSet<>();
    for (var operation : known) {
      stamps.add(operation.expected());
      if (!operation.kind().mutates()) {
        stamps.add(operation.stamp());
      }
    }
    for (var operation : unknown) {
      stamps.add(operation.expected());
    }
    return stamps;
  }

  /// What an unknown operation does, if anything.
  private record Effect(Kind kind, long expected, long stamp) {
    static Effect of(Operation operation, Set<Long> named) {
      var stamp = operation.stamp();
      return new Effect(
          operation.kind() == Kind.SCALE ? Kind.COMPARE_AND_SET : operation.kind(),
          operation.expected(),
          stamp > 0 && !named.contains(stamp) ? Register.OTHER : stamp);
    }
  }

  static boolean isKnown(Operation operation) {
    return switch (operation.outcome()) {
      case DONE, REFUSED -> true;
      case NOT_DONE, UNKNOWN -> false;
    };
  }

  /// Where the search was when it placed one more.
  ///
  /// @param operation placed: index of a known one, or minus one minus that of an unknown one
  /// @param at the list's entry to go on from when it is taken back
  private record Frame(int operation, int at, long state, int highest) {}

  /// What was placed, as its difference from "all before `lowest`", and the state.
  private static final class Tried {
    private final long[] words;
    private final int hash;

    Tried(long[] words) {
      this.words = words;
      this.hash = Arrays.hashCode(words);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Tried that && Arrays.equals(words, that.words);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  /// At one time calls come before returns: the operations are then concurrent.
  private void link() {
    var count = known.length;
    var entries = new Integer[2 * count];
    Arrays.setAll(entries, i -> i + 1);
    Arrays.sort(
        entries,
        Comparator.<Integer>comparingLong(this::time)
            .thenComparingInt(entry -> isCall(entry) ? 0 : 1)
            .thenComparingInt(entry -> entry));
    var last = 0;
    for (var entry : entries) {
      next[last] = entry;
      previous[entry] = last;
      last = entry;
    }
    next[last] = NONE;
  }

  private boolean isCall(int entry) {
    return entry <= known.length;
  }

  private long time(int entry) {
    return isCall(entry)
        ? known[entry - 1].invokedNanos()
        : known[entry - 1 - known.length].returnedNanos();
  }

  /// Searches, from a state.
  Result from(long initial) {
    var state = initial;
    var entry = next[0];
    var unknownFrom = 0;
    while (left > 0) {
      if (++steps > stepsMax) {
        return Result.UNDECIDED;
      }
      if (isCall(entry)) {
        var after = Register.step(state, known[entry - 1]);
        var highestBefore = highest;
        if (after != Register.IMPOSSIBLE && place(entry - 1, after)) {
          frames.add(new Frame(entry - 1, entry, state, highestBefore));
          state = after;
          entry = next[0];
        } else {
          entry = next[entry];
        }
        continue;
      }
      // What returned here must be placed before: nothing that is known can be. Something of which
      // nobody knows must have happened.
      var found = useful(state, entry, unknownFrom);
      if (found != NONE) {
        frames.add(new Frame(-1 - found, entry, state, highest));
        state = effect(state, found);
        entry = next[0];
        unknownFrom = 0;
        continue;
      }
      if (frames.isEmpty()) {
        return Result.NOT_LINEARIZABLE;
      }
      var frame = frames.removeLast();
      state = frame.state;
      highest = frame.highest;
      if (frame.operation >= 0) {
        takeBack(frame.operation);
        entry = next[frame.at];
        unknownFrom = 0;
      } else {
        var taken = -1 - frame.operation;
        placedUnknown[taken >> 6] &= ~(1L << taken);
        entry = frame.at;
        unknownFrom = taken + 1;
      }
    }
    return Result.LINEARIZABLE;
  }

  /// Places a known operation, unless that leads to what was tried already.
  private boolean place(int operation, long after) {
    var highestBefore = highest;
    var lowestBefore = lowest;
    placed[operation >> 6] |= 1L << operation;
    highest = Math.max(highest, operation);
    while (lowest < known.length && isPlaced(lowest)) {
      lowest++;
    }
    if (!tried.add(tried(after))) {
      placed[operation >> 6] &= ~(1L << operation);
      highest = highestBefore;
      lowest = lowestBefore;
      return false;
    }
    var call = operation + 1;
    unlink(call);
    unlink(call + known.length);
    left--;
    return true;
  }

  private void takeBack(int operation) {
    placed[operation >> 6] &= ~(1L << operation);
    lowest = Math.min(lowest, operation);
    var call = operation + 1;
    relink(call + known.length);
    relink(call);
    left++;
  }

  private void unlink(int entry) {
    next[previous[entry]] = next[entry];
    if (next[entry] != NONE) {
      previous[next[entry]] = previous[entry];
    }
  }

  private void relink(int entry) {
    next[previous[entry]] = entry;
    if (next[entry] != NONE) {
      previous[next[entry]] = entry;
    }
  }

  private boolean isPlaced(int operation) {
    return (placed[operation >> 6] >> operation & 1) != 0;
  }

  private Tried tried(long state) {
    var from = lowest >> 6;
    var to = highest < lowest ? from : (highest >> 6) + 1;
    var words = new long[to - from + placedUnknown.length + 2];
    words[0] = state;
    words[1] = lowest;
    System.arraycopy(placed, from, words, 2, to - from);
    System.arraycopy(placedUnknown, 0, words, 2 + to - from, placedUnknown.length);
    return new Tried(words);
  }

  /// The next unknown operation, from `first` on, that may have been called before the return at
  /// `entry`, and makes possible what is not; placed unless that was tried. [#NONE] if there is no
  /// more.
  private int useful(long state, int entry, int first) {
    var until = time(entry);
    for (var u = first; u < unknown.length && unknown[u].invokedNanos() <= until; u++) {
      if (isPlacedUnknown(u) || hasTwinBefore(u)) {
        continue;
      }
      steps++;
      var after = effect(state, u);
      if (after == Register.IMPOSSIBLE || !enables(state, after, u, until)) {
        continue;
      }
      placedUnknown[u >> 6] |= 1L << u;
      if (tried.add(tried(after))) {
        return u;
      }
      placedUnknown[u >> 6] &= ~(1L << u);
    }
    return NONE;
  }

  /// The state after an unknown operation took effect.
  private long effect(long state, int u) {
    var after = Register.step(state, unknown[u]);
    return after > 0 && !named.contains(after) ? Register.OTHER : after;
  }

  /// Whether another one does the same, was called before, and is not placed: then that one will
  /// do, and leaves more possible.
  private boolean hasTwinBefore(int u) {
    return twin[u] != NONE && !isPlacedUnknown(twin[u]);
  }

  private boolean isPlacedUnknown(int u) {
    return (placedUnknown[u >> 6] >> u & 1) != 0;
  }

  private boolean enables(long before, long after, int except, long until) {
    for (var entry = next[0]; isCall(entry); entry = next[entry]) {
      if (isEnabled(before, after, known[entry - 1])) {
        return true;
      }
    }
    for (var u = 0; u < unknown.length && unknown[u].invokedNanos() <= until; u++) {
      if (u != except && !isPlacedUnknown(u) && isEnabled(before, after, unknown[u])) {
        return true;
      }
    }
    return false;
  }

  private static boolean isEnabled(long before, long after, Operation operation) {
    return Register.step(after, operation) != Register.IMPOSSIBLE
        && Register.step(before, operation) == Register.IMPOSSIBLE;
  }
}
