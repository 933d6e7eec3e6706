package dev.skein.chaos.check;

import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Notice;
import dev.skein.chaos.history.Operation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Whether every watcher was told every acknowledged change, once and in order, from where it began
/// to watch to the last event it has; and nothing that did not happen.
///
/// A watcher that was told that events are lost begins anew: what lies between is not asked for.
/// The last index of a stretch is not either, since its events may not have come all.
public final class WatchOrder {
  /// Its name in verdicts.
  public static final String CHECK = "watch";

  private WatchOrder() {}

  /// Checks what watchers were told.
  ///
  /// @param history of all who create and remove the objects that it has operations on
  /// @param notices of each watcher in the order in which it got them
  /// @param upTo every watcher must have been told of all up to this index; 0: each to where it is
  public static Verdict check(List<Operation> history, List<Notice> notices, long upTo) {
    var stretches = stretches(notices);
    if (stretches.isEmpty()) {
      return new Verdict.Undecided(CHECK, "nobody watched");
    }
    var changes = changes(history);
    var events = 0L;
    var matched = 0L;
    var ends = new TreeMap<String, Long>();
    for (var stretch : stretches) {
      var disorder = stretch.disorder();
      if (disorder.isPresent()) {
        return disorder.get();
      }
      var covered = changes.subMap(stretch.after, false, stretch.end(), false);
      var missing =
          covered.values().stream()
              .flatMap(List::stream)
              .filter(change -> !stretch.told.contains(Told.of(change)))
              .findFirst();
      if (missing.isPresent()) {
        return violated(
            stretch.watcher + " was not told of an acknowledged change",
            stretch.around(missing.get().index()),
            missing.get().line(missing.get().invokedNanos()));
      }
      events += stretch.events.size();
      matched += covered.values().stream().mapToLong(List::size).sum();
      ends.merge(stretch.watcher, stretch.end(), Math::max);
    }
    var phantom = phantom(history, stretches).or(() -> differing(stretches));
    if (phantom.isPresent()) {
      return phantom.get();
    }
    for (var end : ends.entrySet()) {
      if (end.getValue() < upTo) {
        return violated(
            "%s has events up to index %d only, and there are some up to %d"
                .formatted(end.getKey(), end.getValue(), upTo),
            List.of());
      }
    }
    return new Verdict.Held(
        CHECK,
        Map.of(
            "watchers",
            (long) ends.size(),
            "stretches",
            (long) stretches.size(),
            "events",
            events,
            "acknowledged-changes-seen",
            matched));
  }

  private static NavigableMap<Long, List<Operation>> changes(List<Operation> history) {
    return history.stream()
        .filter(Operation::isAcknowledgedChange)
        .filter(change -> change.index() > 0)
        .collect(Collectors.groupingBy(Operation::index, TreeMap::new, Collectors.toList()));
  }

  /// What identifies an event: an entry changes an object once at most.
  private record Told(long index, String action, String name) {
    static Told of(Operation change) {
      return new Told(change.index(), told(change.kind()), change.key());
    }

    static Told of(Notice event) {
      return new Told(event.index(), event.action(), event.name());
    }
  }

  private static String told(Kind kind) {
    return switch (kind) {
      case CREATE -> "create";
      case WRITE, COMPARE_AND_SET, SCALE -> "update";
      case REMOVE -> "remove";
      case READ -> throw new IllegalArgumentException("a read is no event");
    };
  }

  /// What a watcher was told from one beginning on.
  private static final class Stretch {
    private final String watcher;
    private final long after;
    private final List<Notice> events = new ArrayList<>();
    private final Set<Told> told = new HashSet<>();
    private @Nullable Notice twice;

    Stretch(String watcher, long after) {
      this.watcher = watcher;
      this.after = after;
    }

    void add(Notice event) {
      events.add(event);
      if (!told.add(Told.of(event)) && twice == null) {
        twice = event;
      }
    }

    long end() {
      return events.isEmpty() ? after : Math.max(after, events.getLast().index());
    }

    Optional<Verdict> disorder() {
      var last = after;
      for (var event : events) {
        if (event.index() < last || event.index() == after) {
          return Optional.of(
              violated(watcher + " was told of an event after a later one", around(event.index())));
        }
        last = event.index();
      }
      return Optional.ofNullable(twice)
          .map(event -> violated(watcher + " was told of an event twice", around(event.index())));
    }

    private List<String> around(long index) {
      return events.stream()
          .sorted(Comparator.comparingLong(event -> Math.abs(event.index() - index)))
          .limit(8)
          .sorted(Comparator.comparingInt(events::indexOf))
          .map(Notice::toString)
          .toList();
    }
  }

  private static List<Stretch> stretches(List<Notice> notices) {
    var all = new ArrayList<Stretch>();
    Map<String, Stretch> present = new LinkedHashMap<>();
    for (var notice : notices) {
      switch (notice.type()) {
        case BEGAN -> {
          var begun = new Stretch(notice.watcher(), notice.index());
          present.put(notice.watcher(), begun);
          all.add(begun);
        }
        case EVENT -> {
          var stretch = present.get(notice.watcher());
          if (stretch == null) {
            throw new IllegalArgumentException("an event before any beginning: " + notice);
          }
          stretch.add(notice);
        }
      }
    }
    return all;
  }

  /// An object's creation or removal that nobody can have asked for. Updates may be the leader's
  /// own.
  private static Optional<Verdict> phantom(List<Operation> history, List<Stretch> stretches) {
    Set<Told> acknowledged = new HashSet<>();
    Map<String, Integer> possible = new HashMap<>();
    Set<String> keys = new HashSet<>();
    for (var operation : history) {
      keys.add(operation.key());
      if (operation.isAcknowledgedChange()) {
        acknowledged.add(Told.of(operation));
      } else if (operation.isPossibleChange()) {
        possible.merge(told(operation.kind()) + " " + operation.key(), 1, Integer::sum);
      }
    }
    Map<String, Set<Long>> unexplained = new HashMap<>();
    for (var stretch : stretches) {
      for (var event : stretch.events) {
        if (keys.contains(event.name())
            && !event.action().equals("update")
            && !acknowledged.contains(Told.of(event))) {
          var what = event.action() + " " + event.name();
          var indexes = unexplained.computeIfAbsent(what, _ -> new HashSet<>());
          indexes.add(event.index());
          if (indexes.size() > possible.getOrDefault(what, 0)) {
            return Optional.of(
                violated(
                    stretch.watcher + " was told of what nobody did", List.of(event.toString())));
          }
        }
      }
    }
    return Optional.empty();
  }

  /// Two watchers that were told different things of one stretch of the log.
  private static Optional<Verdict> differing(List<Stretch> stretches) {
    var first = stretches.getFirst();
    for (var stretch : stretches) {
      if (stretch.events.size() > first.events.size()) {
        first = stretch;
      }
    }
    for (var stretch : stretches) {
      var after = Math.max(first.after, stretch.after);
      var end = Math.min(first.end(), stretch.end());
      var one = between(first, after, end);
      var other = between(stretch, after, end);
      for (var i = 0; i < Math.max(one.size(), other.size()); i++) {
        if (i >= one.size() || i >= other.size() || !one.get(i).equals(other.get(i))) {
          return Optional.of(
              violated(
                  "%s and %s were told differently".formatted(first.watcher, stretch.watcher),
                  List.of(
                      i < one.size() ? one.get(i).toString() : "nothing",
                      i < other.size() ? other.get(i).toString() : "nothing")));
        }
      }
    }
    return Optional.empty();
  }

  private static List<Told> between(Stretch stretch, long after, long end) {
    return stretch.events.stream()
        .filter(event -> event.index() > after && event.index() < end)
        .map(Told::of)
        .toList();
  }

  private static Verdict violated(String what, List<String> witness, String... more) {
    var lines = new ArrayList<>(List.of(more));
    lines.addAll(witness);
    return new Verdict.Violated(CHECK, what, lines);
  }
}
