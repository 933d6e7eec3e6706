package dev.skein.state.ratis;

import dev.skein.state.ratis.Batch.Proposal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Combines proposals into log entries.
///
/// While fewer than [RaftLimits#ENTRIES_IN_FLIGHT_MAX] entries are in flight a proposal goes out at
/// once, on its caller's thread; otherwise it waits and shares an entry with the others that wait.
/// So batches grow with the load and a lone writer never waits for company. Entries are handed over
/// in the order of the proposals. Thread-safe; futures complete on the given executor only.
final class GroupCommit {
  /// Where entries go.
  interface Log {
    /// Whether entries are taken now.
    Readiness readiness();

    /// Hands over an entry. Must lead to exactly one call of [GroupCommit#finished] for it.
    void append(Batch batch);
  }

  /// What the log says to a proposal.
  enum Readiness {
    /// Entries are taken.
    READY,
    /// Leading, but older entries are still being applied: proposals wait.
    SOON,
    /// Not leading.
    NOT_LEADER
  }

  private final Log log;
  private final Supplier<RaftException> notLeader;
  private final Executor completions;
  private final AtomicInteger drainRequests = new AtomicInteger();

  private final Object lock = new Object();
  // All guarded by lock.
  private final Deque<Proposal> waiting = new ArrayDeque<>();
  private final Set<Batch> inFlight = new HashSet<>();
  private int proposals;
  private long bytes;
  private @Nullable RaftException closed;

  GroupCommit(Log log, Supplier<RaftException> notLeader, Executor completions) {
    this.log = log;
    this.notLeader = notLeader;
    this.completions = completions;
  }

  /// @param record the record, or null for a barrier
  CompletableFuture<Applied> submit(byte @Nullable [] record, long deadlineNanos) {
    if (record != null && record.length > RaftLimits.RECORD_BYTES_MAX) {
      return CompletableFuture.failedFuture(new RaftException.TooLarge(record.length));
    }
    if (log.readiness() == Readiness.NOT_LEADER) {
      return CompletableFuture.failedFuture(notLeader.get());
    }
    Proposal proposal = new Proposal(record, deadlineNanos);
    synchronized (lock) {
      RaftException refused = closed != null ? closed : overload(proposal);
      if (refused != null) {
        return CompletableFuture.failedFuture(refused);
      }
      proposals++;
      bytes += proposal.bytes();
      waiting.add(proposal);
    }
    drain();
    return proposal.future;
  }

  /// Completes the proposals of an applied entry.
  ///
  /// @param results one for each record
  void applied(Batch batch, long index, List<?> results) {
    completions.execute(
        () -> {
          int next = 0;
          for (Proposal proposal : batch.proposals()) {
            Object result = proposal.record == null ? index : results.get(next++);
            proposal.future.complete(new Applied(index, result));
          }
        });
  }

  /// An entry is no longer in flight; its proposals fail unless they were applied.
  void finished(Batch batch, @Nullable Throwable failure) {
    synchronized (lock) {
      if (!inFlight.remove(batch)) {
        return;
      }
      batch.proposals().forEach(this::release);
    }
    if (failure != null) {
      fail(batch.proposals(), outcome(batch, failure));
    }
    drain();
  }

  /// Sends what can be sent, fails everything waiting when this member does not lead.
  void drain() {
    // Whoever finds the counter at zero drains for all who come meanwhile: keeps the order without
    // holding a lock across the append.
    if (drainRequests.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      for (Batch batch = next(); batch != null; batch = next()) {
        log.append(batch);
      }
      seen = drainRequests.addAndGet(-seen);
    } while (seen != 0);
  }

  /// Fails what is past its deadline.
  void expire(long nowNanos) {
    List<Proposal> unsent = new ArrayList<>();
    List<Proposal> unknown = new ArrayList<>();
    synchronized (lock) {
      while (!waiting.isEmpty() && waiting.getFirst().deadlineNanos - nowNanos <= 0) {
        Proposal proposal = waiting.removeFirst();
        release(proposal);
        unsent.add(proposal);
      }
      Iterator<Batch> flying = inFlight.iterator();
      while (flying.hasNext()) {
        Batch batch = flying.next();
        boolean over = true;
        for (Proposal proposal : batch.proposals()) {
          if (proposal.deadlineNanos - nowNanos > 0) {
            over = false;
          } else if (!proposal.future.isDone()) {
            unknown.add(proposal);
          }
        }
        if (over) {
          // Nobody waits for it any more: it must not keep later entries from being sent, should
          // its outcome never come.
          flying.remove();
          batch.proposals().forEach(this::release);
        }
      }
    }
    fail(
        unsent,
        new RaftException.Unavailable("no quorum of managers answered in time", false, null));
    fail(
        unknown,
        new RaftException.Unavailable("no quorum of managers answered in time", true, null));
  }

  /// Fails everything, now and from now on.
  void close(String reason) {
    List<Proposal> unsent;
    List<Proposal> unknown = new ArrayList<>();
    synchronized (lock) {
      closed = new RaftException.Unavailable(reason, false, null);
      unsent = new ArrayList<>(waiting);
      waiting.clear();
      unsent.forEach(this::release);
      inFlight.forEach(batch -> unknown.addAll(batch.proposals()));
    }
    fail(unsent, new RaftException.Unavailable(reason, false, null));
    fail(unknown, new RaftException.Unavailable(reason, true, null));
  }

  /// Proposals waiting or in flight.
  int pending() {
    synchronized (lock) {
      return proposals;
    }
  }

  private @Nullable Batch next() {
    Readiness readiness = log.readiness();
    List<Proposal> refused;
    synchronized (lock) {
      if (waiting.isEmpty()) {
        return null;
      }
      if (readiness == Readiness.NOT_LEADER) {
        refused = new ArrayList<>(waiting);
        waiting.clear();
        refused.forEach(this::release);
      } else if (readiness == Readiness.SOON
          || inFlight.size() >= RaftLimits.ENTRIES_IN_FLIGHT_MAX) {
        return null;
      } else {
        Batch batch = take();
        inFlight.add(batch);
        return batch;
      }
    }
    fail(refused, notLeader.get());
    return null;
  }

  private Batch take() {
    List<Proposal> taken = new ArrayList<>();
    long size = 0;
    while (!waiting.isEmpty() && taken.size() < RaftLimits.ENTRY_RECORDS_MAX) {
      long grown = size + waiting.getFirst().bytes();
      if (!taken.isEmpty() && grown > RaftLimits.ENTRY_BYTES_TARGET) {
        break;
      }
      size = grown;
      taken.add(waiting.removeFirst());
    }
    return new Batch(taken);
  }

  private @Nullable RaftException overload(Proposal proposal) {
    if (proposals >= RaftLimits.PROPOSALS_MAX) {
      return new RaftException.Overloaded(
          proposals + " proposals wait already, the most allowed; try again later");
    }
    if (bytes + proposal.bytes() > RaftLimits.PROPOSAL_BYTES_MAX) {
      return new RaftException.Overloaded(
          bytes + " bytes of proposals wait already; try again later");
    }
    return null;
  }

  private void release(Proposal proposal) {
    proposals--;
    bytes -= proposal.bytes();
  }

  private RaftException outcome(Batch batch, Throwable failure) {
    if (batch.appended()) {
      return new RaftException.Unavailable(
          "leadership was lost before the change was acknowledged; it may still take effect",
          true,
          failure);
    }
    return failure instanceof RaftException known
        ? known
        : new RaftException.Unavailable("the change was not logged", false, failure);
  }

  private void fail(List<Proposal> failed, RaftException failure) {
    if (!failed.isEmpty()) {
      completions.execute(
          () -> failed.forEach(proposal -> proposal.future.completeExceptionally(failure)));
    }
  }
}
