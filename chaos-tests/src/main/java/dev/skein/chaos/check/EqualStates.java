package dev.skein.chaos.check;

import dev.skein.chaos.history.Copy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Whether all managers that were at one Raft index had the same state there, by the digests that
/// they give of their own copies.
public final class EqualStates {
  /// Its name in verdicts.
  public static final String CHECK = "equal-states";

  private EqualStates() {}

  /// Checks copies that were looked at at any times.
  ///
  /// @param managers that must have been seen at one common index at least; else it is undecided
  public static Verdict check(List<Copy> copies, Set<String> managers) {
    Map<Long, Map<String, String>> digests = new HashMap<>();
    var wrong = new ArrayList<String>();
    for (var copy : copies) {
      var there = digests.computeIfAbsent(copy.index(), _ -> new HashMap<>());
      there.values().stream()
          .filter(digest -> !digest.equals(copy.digest()))
          .findFirst()
          .ifPresent(
              digest ->
                  wrong.add(
                      "at index %d %s has %s, %s has %s"
                          .formatted(
                              copy.index(),
                              copy.manager(),
                              copy.digest(),
                              new TreeSet<>(there.keySet()),
                              digest)));
      there.put(copy.manager(), copy.digest());
    }
    if (!wrong.isEmpty()) {
      return new Verdict.Violated(CHECK, "managers have different states at one index", wrong);
    }
    var common =
        digests.values().stream().filter(there -> there.keySet().containsAll(managers)).count();
    return managers.isEmpty() || common == 0
        ? new Verdict.Undecided(CHECK, "at no index was a copy seen of each of " + managers)
        : new Verdict.Held(
            CHECK, Map.of("managers", (long) managers.size(), "common-indexes", common));
  }
}
