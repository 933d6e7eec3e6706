package dev.skein.manager.control;

import dev.skein.proto.v1.Event;
import dev.skein.state.ClusterStore;
import dev.skein.state.Commit;
import dev.skein.state.Resync;
import dev.skein.state.Watch;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The last events of the cluster, in memory, bounded. Every manager keeps one from its start on,
/// so that a new leader knows what happened before it led. Readers are cursors into it: one that is
/// too slow is told, and costs nothing. Safe for use from any thread.
public final class EventLog implements AutoCloseable {
  /// Events kept; more only while a single commit has more, so that who keeps up can read all of
  /// it.
  public static final int CAPACITY = 8_192;

  /// How long a reader waits before it looks whether its client is still there.
  static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final int capacity;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition grown = lock.newCondition();
  private final ArrayDeque<Event> events = new ArrayDeque<>();
  private final Watch watch;
  // Events that were ever added; the kept ones are the last of them.
  private long added;
  // Every event after this index is still kept.
  private long completeAfter;
  private boolean closed;

  /// Follows the store until it is closed, on a thread of its own.
  ///
  /// @param clock for the time of removals
  public EventLog(ClusterStore store, InstantSource clock) {
    this(store, clock, CAPACITY);
  }

  EventLog(ClusterStore store, InstantSource clock, int capacity) {
    this.capacity = capacity;
    this.clock = clock;
    this.watch = store.watch();
    this.completeAfter = watch.initial().index();
    Thread.ofVirtual().name("event-log").start(this::follow);
  }

  private void follow() {
    try {
      while (true) {
        switch (watch.take()) {
          case Commit commit -> append(commit);
          case Resync(var after) -> gap(after.index());
        }
      }
    } catch (IllegalStateException watchClosed) {
      close();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void append(Commit commit) {
    var fresh = Events.of(commit, clock.instant());
    lock.lock();
    try {
      while (!events.isEmpty() && events.size() + fresh.size() > capacity) {
        completeAfter = events.removeFirst().getIndex();
      }
      events.addAll(fresh);
      added += fresh.size();
      grown.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// What happened up to `index` is not known here.
  private void gap(long index) {
    lock.lock();
    try {
      events.clear();
      added++;
      completeAfter = index;
      grown.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// A reader of events that are yet to come, and of kept ones if it asks for those.
  final class Cursor {
    // How many events were added before the next one to be read.
    private long position;
    // Those up to this index are left out: a manager that has just started goes through older ones
    // again.
    private final long after;

    private Cursor(long position, long after) {
      this.position = position;
      this.after = after;
    }

    /// The next events, as soon as there are any; empty when `waitNanos` went by without one, or
    /// when there are only such as are left out.
    ///
    /// @throws Rejection when events were dropped before they were read
    List<Event> next(int most, long waitNanos) throws Rejection, InterruptedException {
      lock.lock();
      try {
        var left = waitNanos;
        while (position == added && !closed) {
          if (left <= 0) {
            return List.of();
          }
          left = grown.awaitNanos(left);
        }
        var first = added - events.size();
        if (position < first) {
          throw Rejection.exhausted(
              "events came faster than they were read, and some are lost: start again");
        }
        var batch = new ArrayList<Event>();
        var unread = events.stream().skip(position - first).iterator();
        while (batch.size() < most && unread.hasNext()) {
          var event = unread.next();
          position++;
          if (event.getIndex() > after) {
            batch.add(event);
          }
        }
        return batch;
      } finally {
        lock.unlock();
      }
    }
  }

  /// From the first event after a Raft index that is kept.
  Cursor from(long index) {
    lock.lock();
    try {
      var position = added - events.size();
      for (var event : events) {
        if (event.getIndex() > index) {
          break;
        }
        position++;
      }
      return new Cursor(position, index);
    } finally {
      lock.unlock();
    }
  }

  /// From the oldest event that is kept.
  Cursor fromOldest() {
    lock.lock();
    try {
      return new Cursor(added - events.size(), 0);
    } finally {
      lock.unlock();
    }
  }

  /// From the first event after a Raft index.
  ///
  /// @throws Rejection when some of them are no longer kept
  Cursor after(long index) throws Rejection {
    lock.lock();
    try {
      if (index < completeAfter) {
        throw Rejection.precondition(
            "the events after index %d are no longer in memory, only those after %d: use --since",
            index, completeAfter);
      }
      return from(index);
    } finally {
      lock.unlock();
    }
  }

  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /// Wakes all readers.
  void wake() {
    lock.lock();
    try {
      grown.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Ends it and all its readers.
  @Override
  public void close() {
    watch.close();
    lock.lock();
    try {
      closed = true;
      grown.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
