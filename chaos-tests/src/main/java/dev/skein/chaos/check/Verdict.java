package dev.skein.chaos.check;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What a check found.
public sealed interface Verdict {
  /// The name of what was checked.
  String check();

  /// It holds for all that was observed.
  ///
  /// @param counts how much was looked at, by name: a check of nothing says so by its zeros
  record Held(String check, Map<String, Long> counts) implements Verdict {
    public Held {
      counts = new TreeMap<>(counts);
    }

    @Override
    public String toString() {
      return check + ": held " + counts;
    }
  }

  /// It does not hold.
  ///
  /// @param what in a sentence
  /// @param witness the observations that prove it, one a line
  /// @param count how often it was seen: objects, slots, or what else the check is about
  record Violated(String check, String what, List<String> witness, long count) implements Verdict {
    /// The most lines of a witness.
    public static final int WITNESS_LINES_MAX = 60;

    /// Seen once.
    public Violated(String check, String what, List<String> witness) {
      this(check, what, witness, 1);
    }

    public Violated {
      witness = witness.stream().limit(WITNESS_LINES_MAX).toList();
    }

    @Override
    public String toString() {
      return check + ": VIOLATED: " + what + "\n  " + String.join("\n  ", witness);
    }
  }

  /// It could not be found out. Never to be counted as held.
  ///
  /// @param why in a sentence
  record Undecided(String check, String why) implements Verdict {
    @Override
    public String toString() {
      return check + ": undecided: " + why;
    }
  }
}
