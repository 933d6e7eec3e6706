package dev.skein.chaos.sim;

import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;

/// Time that passes only when everything due has happened. What is due at the same time happens in
/// the order in which it was asked for.
final class SimulatedTime {
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private Instant now;
  private long number;

  private record Event(Instant at, long number, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      var byTime = at.compareTo(other.at);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  SimulatedTime(Instant start) {
    this.now = start;
  }

  Instant now() {
    return now;
  }

  void at(Instant time, Runnable action) {
    events.add(new Event(time.isBefore(now) ? now : time, number++, action));
  }

  void after(Duration delay, Runnable action) {
    at(now.plus(delay), action);
  }

  /// Lets the next thing happen if it is due before `end`; otherwise it is `end` now.
  boolean step(Instant end) {
    var next = events.peek();
    if (next == null || !next.at.isBefore(end)) {
      now = end;
      return false;
    }
    events.remove();
    now = next.at;
    next.action.run();
    return true;
  }
}
