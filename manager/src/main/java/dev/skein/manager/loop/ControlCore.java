package dev.skein.manager.loop;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.DirtyKey;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Wait;
import dev.skein.manager.plan.Wake;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Outcome;
import dev.skein.state.Resync;
import dev.skein.state.Times;
import dev.skein.state.WatchEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The leader's control loop without its thread: commits and the time go in, change sets to
/// propose come out. Each planner of a round plans on the state that the ones before it would
/// make, so that one round takes a task from nothing to a node.
///
/// The caller proposes what [#plan] returns, and plans again only when the outcome of all of it
/// is known and its commits were given to [#observe]. Owned by one thread.
public final class ControlCore {
  /// How far the clock of an earlier leader may have been ahead of this one's without the order
  /// of tasks suffering: for so much, this leader's time goes ahead too.
  static final Duration CLOCK_SKEW_MAX = Wait.AHEAD_MAX;

  private final List<Planner> planners;
  private final TreeMap<Instant, List<DirtyKey>> alarms = new TreeMap<>();
  private final Map<DirtyKey, Instant> alarmOf = new HashMap<>();
  private ClusterState state;
  private Dirty dirty;
  // Until the first round: the latest time that an earlier leader wrote.
  private @Nullable Instant newest;
  private Duration ahead = Duration.ZERO;
  // The latest time that the caller's clock has shown since everything was looked at.
  private Instant latest = Instant.MIN;

  /// Starts from a state as if nothing were known of it.
  ///
  /// @param planners in the order in which they run; they must be new
  public ControlCore(List<Planner> planners, ClusterState state) {
    this.planners = List.copyOf(planners);
    this.state = state;
    this.dirty = Dirty.everythingIn(state);
    this.newest = newestIn(state);
  }

  /// The last state observed.
  public ClusterState state() {
    return state;
  }

  /// Takes note of what was committed.
  public void observe(WatchEvent event) {
    switch (event) {
      case Commit commit -> commit.changes().forEach(dirty::mark);
      case Resync(var after) -> startOver(after);
    }
    state = event.after();
  }

  /// Takes a state as if nothing were known of it, after it has become unknown what was
  /// committed.
  public void startOver(ClusterState after) {
    state = after;
    dirty = Dirty.everythingIn(after);
    newest = newestIn(after);
  }

  /// When to call [#plan] next though nothing was committed; null for never.
  public @Nullable Instant wakeAt() {
    return alarms.isEmpty() ? null : alarms.firstKey().minus(ahead);
  }

  /// What the planners want to look at again, and when; for display and tests.
  public Map<DirtyKey, Instant> alarms() {
    return Collections.unmodifiableMap(alarmOf);
  }

  /// Whether [#plan] has something to look at.
  public boolean hasWork(Instant clock) {
    notice(clock);
    var wakeAt = wakeAt();
    return !dirty.isClean() || (wakeAt != null && !clock.isBefore(wakeAt));
  }

  /// Runs all planners once over what is dirty or due.
  ///
  /// @param clock the caller's clock
  /// @return sets to be proposed in order; empty when nothing is to be done
  /// @throws IllegalStateException when a planner made changes that do not fit the state it was
  /// given
  public List<ChangeSet> plan(Instant clock) {
    notice(clock);
    var now = time(clock);
    while (!alarms.isEmpty() && !now.isBefore(alarms.firstKey())) {
      for (var key : alarms.pollFirstEntry().getValue()) {
        alarmOf.remove(key);
        dirty.mark(key);
      }
    }
    if (dirty.isClean()) {
      return List.of();
    }
    var changed = dirty;
    dirty = new Dirty();
    var merge = new ChangeMerge();
    var working = state;
    for (var planner : planners) {
      var plan = planner.plan(working, changed, now);
      plan.wakes().forEach(this::setAlarm);
      if (!plan.changes().isEmpty()) {
        var applied =
            working.apply(working.index() + 1, List.of(ChangeSets.of(now, plan.changes())));
        if (applied.outcomes().getFirst() instanceof Outcome.Conflict(var message)) {
          throw new IllegalStateException(
              planner.getClass().getSimpleName() + " made an invalid plan: " + message);
        }
        working = applied.state();
        for (var change : applied.changes()) {
          changed.mark(change);
          merge.add(change);
          // Whatever becomes of the proposals, what they touch is looked at again.
          dirty.mark(change);
        }
      }
    }
    return merge.toSets(now);
  }

  /// When the clock has been put back, all is looked at again: alarms were set by a time that will
  /// not come soon.
  private void notice(Instant clock) {
    if (latest.isAfter(Instant.MIN) && clock.isBefore(latest.minus(CLOCK_SKEW_MAX))) {
      alarms.clear();
      alarmOf.clear();
      startOver(state);
      latest = clock;
    } else if (clock.isAfter(latest)) {
      latest = clock;
    }
  }

  private void setAlarm(Wake wake) {
    var earlier = alarmOf.get(wake.key());
    if (earlier != null && !wake.at().isBefore(earlier)) {
      return;
    }
    if (earlier != null) {
      var keys = alarms.get(earlier);
      if (keys != null && keys.remove(wake.key()) && keys.isEmpty()) {
        alarms.remove(earlier);
      }
    }
    alarmOf.put(wake.key(), wake.at());
    alarms.computeIfAbsent(wake.at(), at -> new ArrayList<>(1)).add(wake.key());
  }

  /// This leader's time: its clock, or ahead of it by as much as an earlier leader's was.
  public Instant time(Instant clock) {
    if (newest != null) {
      var behind = Duration.between(clock, newest);
      ahead = behind.isPositive() && behind.compareTo(CLOCK_SKEW_MAX) <= 0 ? behind : Duration.ZERO;
      newest = null;
    }
    return clock.plus(ahead);
  }

  private static @Nullable Instant newestIn(ClusterState state) {
    Instant newest = null;
    for (var task : state.tasks().values()) {
      var updated = Times.instant(task.getUpdatedAt());
      newest = newest == null || updated.isAfter(newest) ? updated : newest;
    }
    return newest;
  }
}
