package dev.skein.manager.autoscale;

import dev.skein.proto.v1.Autoscale;
import dev.skein.state.Defaults;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// The recommendations of one service over time. There are more replicas when more were needed
/// for the whole of the scale-up delay, and fewer when fewer were enough for the whole of the
/// scale-down delay: never by more than the least change that was recommended in that time. A
/// window that was not watched as a whole, because the leader is new or nodes did not report,
/// decides nothing. Not thread-safe.
final class RecommendationWindow {
  /// More changes of recommendation than this are seen in less detail.
  static final int RUNS_MAX = 256;

  /// Recommendations farther apart are not of one window.
  static final Duration GAP_MAX = Duration.ofSeconds(15);

  private final ArrayDeque<Run> runs = new ArrayDeque<>();

  /// Recommendations between two times.
  private record Run(Instant from, Instant until, long least, long most) {
    Run joined(Run later) {
      return new Run(from, later.until, Math.min(least, later.least), Math.max(most, later.most));
    }
  }

  /// Takes the present recommendation and decides by it and those before.
  ///
  /// @param present the replicas that the service asks for now
  /// @return how many it should ask for from now on
  long decide(Autoscale spec, long present, Recommendation recommended, Instant now) {
    var up = Times.duration(spec.getScaleUpDelay());
    var down = Defaults.autoscaleDownDelay(spec);
    add(recommended.replicas(), now, up.compareTo(down) > 0 ? up : down);
    if (present == 0) {
      // Somebody waits, and the mesh does not hold him for long.
      return recommended.replicas();
    }
    var sinceUp = since(now.minus(up));
    if (sinceUp != null && sinceUp.least > present) {
      return sinceUp.least;
    }
    var sinceDown = since(now.minus(down));
    return sinceDown != null && sinceDown.most < present ? sinceDown.most : present;
  }

  /// Nothing is known now.
  void interrupt() {
    runs.clear();
  }

  private void add(long replicas, Instant now, Duration kept) {
    var last = runs.peekLast();
    if (last != null && last.until.plus(GAP_MAX).isBefore(now)) {
      runs.clear();
      last = null;
    }
    var fresh = new Run(now, now, replicas, replicas);
    if (last != null && last.least == replicas && last.most == replicas) {
      runs.removeLast();
      runs.addLast(last.joined(fresh));
    } else {
      runs.addLast(fresh);
    }
    var old = now.minus(kept);
    while (runs.size() > 1 && !second().from.isAfter(old)) {
      runs.removeFirst();
    }
    if (runs.size() > RUNS_MAX) {
      var first = runs.removeFirst();
      runs.addFirst(first.joined(runs.removeFirst()));
    }
  }

  private Run second() {
    var all = runs.iterator();
    all.next();
    return all.next();
  }

  /// What was recommended since a time in one, a recommendation holding until the next; null when
  /// that does not reach back so far.
  private @Nullable Run since(Instant from) {
    Run all = null;
    for (var run : runs) {
      if (!run.from.isAfter(from)) {
        all = run;
      } else if (all != null) {
        all = all.joined(run);
      }
    }
    return all;
  }
}
