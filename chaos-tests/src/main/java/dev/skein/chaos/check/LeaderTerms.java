package dev.skein.chaos.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// Whether each term had one leader at most, and no manager went back in its terms, by what the
/// managers' daemons logged.
public final class LeaderTerms {
  /// Its name in verdicts.
  public static final String CHECK = "one-leader-per-term";

  private static final Pattern LEADS = Pattern.compile("this manager leads \\(term (\\d{1,18})\\)");

  private LeaderTerms() {}

  /// A manager that began to lead.
  ///
  /// @param manager its name
  public record Reign(String manager, long term) {}

  /// The term that a line of a daemon's log says its manager begins to lead in, if it says that.
  public static OptionalLong termOf(String logLine) {
    var found = LEADS.matcher(logLine);
    return found.find() ? OptionalLong.of(Long.parseLong(found.group(1))) : OptionalLong.empty();
  }

  /// What a daemon's log says of its manager's reigns, in order.
  public static List<Reign> of(String manager, List<String> log) {
    return log.stream()
        .map(LeaderTerms::termOf)
        .filter(OptionalLong::isPresent)
        .map(term -> new Reign(manager, term.getAsLong()))
        .toList();
  }

  /// Checks reigns.
  ///
  /// @param reigns each manager's own in the order of its log
  public static Verdict check(List<Reign> reigns) {
    Map<Long, Reign> byTerm = new HashMap<>();
    Map<String, Reign> latest = new HashMap<>();
    var wrong = new ArrayList<String>();
    for (var reign : reigns) {
      var other = byTerm.putIfAbsent(reign.term(), reign);
      if (other != null && !other.manager().equals(reign.manager())) {
        wrong.add(
            "%s and %s both led in term %d"
                .formatted(other.manager(), reign.manager(), reign.term()));
      }
      var before = latest.put(reign.manager(), reign);
      // The same term again: it led, forgot that, and was elected by votes it did not remember.
      if (before != null && before.term() >= reign.term()) {
        wrong.add(
            "%s led in term %d after term %d"
                .formatted(reign.manager(), reign.term(), before.term()));
      }
    }
    if (!wrong.isEmpty()) {
      return new Verdict.Violated(CHECK, "a term had more than one leader", wrong);
    }
    return reigns.isEmpty()
        ? new Verdict.Undecided(CHECK, "no daemon logged that its manager leads")
        : new Verdict.Held(
            CHECK, Map.of("terms", (long) byTerm.size(), "managers", (long) latest.size()));
  }
}
