package dev.skein.mesh;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The connection attempts of one event loop in the order of their deadlines.
///
/// All attempts have the same timeout, so a list in order of arrival is a priority queue, and one
/// timer does for all: a connection costs two pointer changes where a scheduled task of its own
/// would be queued, armed and cancelled.
final class ConnectDeadlines {
  private final EventLoop loop;
  private final LongSupplier nanoTime;
  private final long timeoutNanos;
  private @Nullable TcpRelay first;
  private @Nullable TcpRelay last;
  private boolean armed;

  ConnectDeadlines(EventLoop loop, LongSupplier nanoTime, long timeoutNanos) {
    this.loop = loop;
    this.nanoTime = nanoTime;
    this.timeoutNanos = timeoutNanos;
  }

  void add(TcpRelay relay) {
    relay.deadlineNanos = nanoTime.getAsLong() + timeoutNanos;
    relay.earlier = last;
    relay.later = null;
    if (last == null) {
      first = relay;
    } else {
      last.later = relay;
    }
    last = relay;
    if (!armed) {
      arm(timeoutNanos);
    }
  }

  void remove(TcpRelay relay) {
    if (relay.earlier == null) {
      first = relay.later;
    } else {
      relay.earlier.later = relay.later;
    }
    if (relay.later == null) {
      last = relay.earlier;
    } else {
      relay.later.earlier = relay.earlier;
    }
    relay.earlier = null;
    relay.later = null;
  }

  private void arm(long delayNanos) {
    armed = true;
    var _ = loop.schedule(this::expire, delayNanos, TimeUnit.NANOSECONDS);
  }

  private void expire() {
    armed = false;
    long now = nanoTime.getAsLong();
    for (var relay = first; relay != null && relay.deadlineNanos - now <= 0; relay = first) {
      remove(relay);
      relay.connectTimedOut();
    }
    if (first != null && !armed) {
      arm(first.deadlineNanos - now);
    }
  }
}
