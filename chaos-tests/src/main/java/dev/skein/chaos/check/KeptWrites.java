package dev.skein.chaos.check;

import dev.skein.chaos.history.Content;
import dev.skein.chaos.history.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Whether every acknowledged change is in the final state that each manager shows, unless a later
/// change took its place.
public final class KeptWrites {
  /// Its name in verdicts.
  public static final String CHECK = "no-lost-write";

  private KeptWrites() {}

  /// The objects as one manager shows them at the end.
  ///
  /// @param objects by name; those that are not there are left out
  public record Final(String manager, Map<String, Content> objects) {
    public Final {
      objects = Map.copyOf(objects);
    }
  }

  /// Checks a history in which no object exists at first.
  ///
  /// @param history all of whose operations were called before the final states were read
  public static Verdict check(List<Operation> history, List<Final> finals) {
    if (finals.isEmpty()) {
      return new Verdict.Undecided(CHECK, "no manager's final state is known");
    }
    Map<String, Operation> last = new TreeMap<>();
    Map<String, Set<Long>> possible = new HashMap<>();
    var acknowledged = 0L;
    for (var operation : history) {
      if (operation.isAcknowledgedChange()) {
        acknowledged++;
        if (operation.index() == 0) {
          return new Verdict.Undecided(
              CHECK, "an acknowledged change has no index: " + operation.line(0));
        }
        last.merge(
            operation.key(), operation, (one, other) -> one.index() >= other.index() ? one : other);
      } else if (operation.isPossibleChange()) {
        possible.computeIfAbsent(operation.key(), _ -> new HashSet<>()).add(operation.stamp());
      }
    }
    var witness = new ArrayList<String>();
    for (var change : last.values()) {
      for (var end : finals) {
        lost(change, end, possible.getOrDefault(change.key(), Set.of())).ifPresent(witness::add);
      }
    }
    return witness.isEmpty()
        ? new Verdict.Held(
            CHECK,
            Map.of(
                "acknowledged", acknowledged,
                "objects", (long) last.size(),
                "managers", (long) finals.size()))
        : new Verdict.Violated(
            CHECK,
            "%d objects do not hold what was last acknowledged".formatted(witness.size()),
            witness);
  }

  private static Optional<String> lost(Operation change, Final end, Set<Long> possible) {
    var held = end.objects().get(change.key());
    var stamp = held == null ? Register.ABSENT : held.stamp();
    if (stamp == change.stamp() ? isWhole(change.content(), held) : possible.contains(stamp)) {
      return Optional.empty();
    }
    return Optional.of(
        "%s shows %s after %s"
            .formatted(
                end.manager(),
                held == null ? "no object" : held,
                change.line(change.invokedNanos())));
  }

  private static boolean isWhole(@Nullable Content written, @Nullable Content held) {
    return written == null ? held == null : written.equals(held);
  }
}
