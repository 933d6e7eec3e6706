package dev.skein.state.ratis;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Confirms for linearizable reads that this member leads, without a log entry: the ReadIndex of
/// section 6.4 of Ongaro's dissertation, with questions for the others' terms in the place of
/// heartbeats.
///
/// Who answers with the leader's own term has voted in no later one yet. If a majority does, asked
/// after a read began, then no later leader was elected before the read began, because its majority
/// would share a member with this one. So every change acknowledged by then was acknowledged by
/// this leader, which applied it first, or by an earlier one, whose entries a leader applies before
/// it is ready. That holds however long the process sleeps in between; clocks play no part.
///
/// Reads that come while a round of questions is under way share the next one, which begins after
/// all of them did. Thread-safe; futures complete on the given executor only.
final class ReadRounds {
  /// That this member leads and is ready.
  ///
  /// @param voters of each configuration in force, two during a change; a majority of each counts
  record Leading(long term, String self, List<Set<RaftMember>> voters) {
    boolean isMajority(Set<String> ids) {
      return voters.stream()
          .allMatch(
              configuration ->
                  2 * configuration.stream().filter(voter -> ids.contains(voter.id())).count()
                      > configuration.size());
    }

    Set<RaftMember> others() {
      Set<RaftMember> others = new HashSet<>();
      voters.forEach(others::addAll);
      others.removeIf(voter -> voter.id().equals(self));
      return others;
    }
  }

  /// How another member is asked.
  interface Others {
    /// Asks a member for its term. The future ends soon, and may be done already.
    CompletableFuture<Long> term(RaftMember member);
  }

  private final Supplier<@Nullable Leading> leading;
  private final Others others;
  private final Executor completions;

  private final Object lock = new Object();
  // All guarded by lock.
  private CompletableFuture<Boolean> next = new CompletableFuture<>();
  private int waiting;
  private boolean running;

  /// @param leading how this member leads right now; null when it does not or is not ready
  ReadRounds(Supplier<@Nullable Leading> leading, Others others, Executor completions) {
    this.leading = leading;
    this.others = others;
    this.completions = completions;
  }

  /// Whether the machine has every change that was acknowledged before this call. False says only
  /// that no majority confirmed it.
  ///
  /// @return fails with [RaftException.Overloaded]
  CompletableFuture<Boolean> confirm() {
    CompletableFuture<Boolean> round;
    synchronized (lock) {
      round = next;
      if (running) {
        if (waiting >= RaftLimits.PROPOSALS_MAX) {
          return CompletableFuture.failedFuture(
              new RaftException.Overloaded(
                  waiting + " reads wait already, the most allowed; try again later"));
        }
        waiting++;
        return round;
      }
      running = true;
      next = new CompletableFuture<>();
    }
    ask(round);
    return round;
  }

  private void ask(CompletableFuture<Boolean> reads) {
    Round round = new Round(reads);
    boolean asked = false;
    try {
      round.ask();
      asked = true;
    } finally {
      if (!asked) {
        round.end(false); // Else all later reads would wait for it.
      }
    }
  }

  private void finish(CompletableFuture<Boolean> reads, boolean confirmed) {
    CompletableFuture<Boolean> following = null;
    synchronized (lock) {
      if (waiting == 0) {
        running = false;
      } else {
        following = next;
        next = new CompletableFuture<>();
        waiting = 0;
      }
    }
    try {
      if (following != null) {
        ask(following);
      }
    } finally {
      reads.complete(confirmed);
    }
  }

  private final class Round {
    private final CompletableFuture<Boolean> reads;
    // Guarded by this.
    private final Set<String> agreed = new HashSet<>();
    private final Set<String> silent = new HashSet<>();
    private boolean over;

    Round(CompletableFuture<Boolean> reads) {
      this.reads = reads;
    }

    void ask() {
      Leading now = leading.get();
      if (now == null) {
        end(false);
        return;
      }
      synchronized (this) {
        agreed.add(now.self());
        now.others().forEach(member -> silent.add(member.id()));
        decide(now);
      }
      for (RaftMember member : now.others()) {
        CompletableFuture<Long> term;
        try {
          term = others.term(member);
        } catch (RuntimeException e) {
          term = CompletableFuture.failedFuture(e);
        }
        var _ = term.whenComplete((answer, _) -> answered(now, member.id(), answer));
      }
    }

    private synchronized void answered(Leading now, String id, @Nullable Long term) {
      silent.remove(id);
      if (term != null && term == now.term()) {
        agreed.add(id);
      }
      decide(now);
    }

    private synchronized void decide(Leading now) {
      Set<String> possible = new HashSet<>(agreed);
      possible.addAll(silent);
      boolean confirmed = now.isMajority(agreed);
      if (confirmed || !now.isMajority(possible)) {
        end(confirmed);
      }
    }

    synchronized void end(boolean confirmed) {
      if (!over) {
        over = true;
        completions.execute(() -> finish(reads, confirmed));
      }
    }
  }
}
