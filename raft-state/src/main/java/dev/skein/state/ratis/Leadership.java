package dev.skein.state.ratis;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns Ratis' notifications, which come from threads that must not block and not always in order,
/// into the orderly calls that [RaftListener] promises. Its own thread owns the state.
final class Leadership implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);
  private static final long NONE = -1;

  private final RaftListener listener;
  private final String self;
  private final LongPredicate stillLeading;
  private final ExecutorService events;

  // Owned by the events thread; leadingTerm and removed are also read by the watch.
  private volatile long leadingTerm = NONE;
  private @Nullable String leader;
  private List<RaftMember> members = List.of();
  private long membersIndex = Long.MIN_VALUE;
  private boolean member;
  private volatile boolean removed;
  private boolean failed;

  /// @param stillLeading whether this member leads in the given term right now
  Leadership(RaftListener listener, String self, LongPredicate stillLeading) {
    this.listener = listener;
    this.self = self;
    this.stillLeading = stillLeading;
    this.events =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("raft-events-" + self).factory());
  }

  void ready(long term) {
    post(
        () -> {
          // The step-down may have been noticed before the readiness.
          if (leadingTerm != term && stillLeading.test(term)) {
            lose();
            leadingTerm = term;
            listener.becameLeader(term);
          }
        });
  }

  void lost() {
    post(this::lose);
  }

  /// Corrects a missed loss.
  void check() {
    if (leadingTerm != NONE) {
      post(
          () -> {
            if (leadingTerm != NONE && !stillLeading.test(leadingTerm)) {
              lose();
            }
          });
    }
  }

  void leader(@Nullable String id) {
    post(
        () -> {
          if (!Objects.equals(leader, id)) {
            leader = id;
            listener.leaderChanged(id);
          }
        });
  }

  /// After a restart the entries since the last snapshot are applied again: configurations that are
  /// older than the one known by then say nothing, least of all that this member is removed.
  ///
  /// @param index of the entry with this configuration
  void members(long index, List<RaftMember> now) {
    post(
        () -> {
          if (index < membersIndex) {
            return;
          }
          membersIndex = index;
          if (!now.equals(members)) {
            members = now;
            listener.membersChanged(now);
          }
          boolean included = now.stream().anyMatch(any -> any.id().equals(self));
          // A joining member first sees configurations from before its time.
          if (member && !included && !removed) {
            removed = true;
            lose();
            listener.removed();
          }
          member = included;
        });
  }

  void removed() {
    post(
        () -> {
          if (!removed) {
            removed = true;
            lose();
            listener.removed();
          }
        });
  }

  boolean isRemoved() {
    return removed;
  }

  void failed(Throwable cause) {
    post(
        () -> {
          if (!failed && !removed) {
            failed = true;
            lose();
            listener.failed(cause);
          }
        });
  }

  private void lose() {
    if (leadingTerm != NONE) {
      long term = leadingTerm;
      leadingTerm = NONE;
      listener.lostLeadership(term);
    }
  }

  private void post(Runnable event) {
    try {
      events.execute(
          () -> {
            try {
              event.run();
            } catch (RuntimeException e) {
              LOG.error("a listener of Raft's events failed", e);
            }
          });
    } catch (RejectedExecutionException closed) {
      LOG.debug("event after the end", closed);
    }
  }

  /// Reports the loss of leadership, then stops. Does not wait for a slow listener.
  @Override
  public void close() {
    post(this::lose);
    events.shutdown();
  }
}
