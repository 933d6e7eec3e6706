package dev.skein.chaos.workload;

import dev.skein.chaos.check.EqualStates;
import dev.skein.chaos.check.IndexOrder;
import dev.skein.chaos.check.KeptWrites;
import dev.skein.chaos.check.KeptWrites.Final;
import dev.skein.chaos.check.LeaderTerms;
import dev.skein.chaos.check.LeaderTerms.Reign;
import dev.skein.chaos.check.Linearizability;
import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.check.WatchOrder;
import dev.skein.chaos.history.Copy;
import dev.skein.chaos.history.History;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/// All checks of a workload's run, once its clients have stopped, all faults have ended and all
/// managers are up: reads what the managers have at rest, and judges.
public final class Audit {
  private static final long LOOK_NANOS = Duration.ofMillis(100).toNanos();

  private final List<Manager> managers;
  private final WorkloadSettings settings;
  private final LongSupplier nanoTime;

  public Audit(List<Manager> managers, WorkloadSettings settings, LongSupplier nanoTime) {
    this.managers = List.copyOf(managers);
    this.settings = settings;
    this.nanoTime = nanoTime;
  }

  /// Judges a run. What could not be read within the time is undecided.
  ///
  /// @param watchedUpTo an index that every watcher must have got to; 0 for none
  /// @param reigns what the daemons' logs say of who led
  /// @param within for reading from all managers
  public List<Verdict> of(History history, long watchedUpTo, List<Reign> reigns, Duration within) {
    var operations = history.operations();
    var end = nanoTime.getAsLong() + within.toNanos();
    var finals = finals(end);
    return List.of(
        Linearizability.check(operations),
        IndexOrder.check(operations),
        finals.size() == managers.size()
            ? KeptWrites.check(operations, finals)
            : new Verdict.Undecided(
                KeptWrites.CHECK, "not every manager told the final state within " + within),
        EqualStates.check(copies(history, end), names()),
        WatchOrder.check(operations, history.notices(), watchedUpTo),
        LeaderTerms.check(reigns));
  }

  private Set<String> names() {
    var names = new TreeSet<String>();
    managers.forEach(manager -> names.add(manager.name()));
    return names;
  }

  private Observer observer(Manager manager) {
    return new Observer(manager, settings.answerSeconds(), nanoTime);
  }

  /// Through every manager, each asked until it answers or the time is over.
  private List<Final> finals(long end) {
    List<Final> finals = new ArrayList<>();
    for (var manager : managers) {
      do {
        try {
          finals.add(observer(manager).objects(settings.prefix()));
          break;
        } catch (IOException e) {
          LockSupport.parkNanos(LOOK_NANOS);
        }
      } while (nanoTime.getAsLong() - end < 0);
    }
    return finals;
  }

  /// The managers' own copies, those of the run and those at its end, looked at until all were seen
  /// at one index.
  private List<Copy> copies(History history, long end) {
    List<Copy> copies = new ArrayList<>(history.copies());
    Map<Long, Set<String>> seenAt = new HashMap<>();
    while (true) {
      for (var manager : managers) {
        try {
          var copy = observer(manager).copy();
          copies.add(copy);
          var there = seenAt.computeIfAbsent(copy.index(), _ -> new TreeSet<>());
          there.add(copy.manager());
          if (there.equals(names())) {
            return copies;
          }
        } catch (IOException e) {
          // It may be starting.
        }
      }
      if (nanoTime.getAsLong() - end > 0) {
        return copies;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }
}
