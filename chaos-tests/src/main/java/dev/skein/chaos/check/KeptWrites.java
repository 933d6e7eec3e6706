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
/// change took its place. One of unknown outcome may have been later only if the object's version
/// says so; of an object that is not there nothing says it, and it is believed.
public final class KeptWrites {
  /// Its name in verdicts.
  public static final String CHECK = "no-lost-write";

  private KeptWrites() {}

  /// An object at the end.
  ///
  /// @param version the Raft index of its last change, by whomever
  public record Held(Content content, long version) {}

  /// The objects as one manager shows them at the end.
  ///
  /// @param objects by name; those that are not there are left out
  public record Final(String manager, Map<String, Held> objects) {
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
    var lost = 0L;
    for (var change : last.values()) {
      var before = witness.size();
      for (var end : finals) {
        lost(change, end, possible.getOrDefault(change.key(), Set.of())).ifPresent(witness::add);
      }
      lost += witness.size() > before ? 1 : 0;
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
            "%d objects do not hold what was last acknowledged".formatted(lost),
            witness,
            lost);
  }

  private static Optional<String> lost(Operation change, Final end, Set<Long> possible) {
    var held = end.objects().get(change.key());
    var content = held == null ? null : held.content();
    var stamp = content == null ? Register.ABSENT : content.stamp();
    var old = held != null && held.version() < change.index();
    if (!old
        && (stamp == change.stamp()
            ? isWhole(change.content(), content)
            : possible.contains(stamp))) {
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
