package dev.skein.manager.rpc;

import io.grpc.Channel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Where the leader is, for those who have to wait until there is one. Thread-safe.
public final class LeaderRoute {

  /// How long a waiter goes without looking again by itself: who leads becomes known by an event,
  /// but the leader's address may be learnt from the state a little later.
  private static final long LOOK_AGAIN_MS = 20;

  private final Supplier<@Nullable Channel> present;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /// A route that asks `present` for the channel to the leader, null while it knows none.
  public LeaderRoute(Supplier<@Nullable Channel> present) {
    this.present = present;
  }

  /// The channel to the leader, null while none is known.
  @Nullable Channel now() {
    return present.get();
  }

  /// Wakes those who wait. Called whenever the leader changed.
  void changed() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// The channel to the leader, waiting for one at most `nanos`; null if there is none by then.
  @Nullable Channel await(long nanos) throws InterruptedException {
    var remaining = nanos;
    lock.lock();
    try {
      while (true) {
        var channel = present.get();
        if (channel != null || remaining <= 0) {
          return channel;
        }
        remaining -= pause(remaining);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Waits for a change, or a moment.
  ///
  /// @return the nanoseconds waited
  /// A spurious wake-up only makes the caller look again earlier.
  @SuppressWarnings("WaitNotInLoop")
  long pause(long nanos) throws InterruptedException {
    var step = Math.min(nanos, TimeUnit.MILLISECONDS.toNanos(LOOK_AGAIN_MS));
    lock.lock();
    try {
      return step - Math.max(0, changed.awaitNanos(step));
    } finally {
      lock.unlock();
    }
  }
}
