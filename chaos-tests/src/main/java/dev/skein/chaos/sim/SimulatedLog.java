package dev.skein.chaos.sim;

import dev.skein.manager.dispatch.ProposalOutcome;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.InMemoryStore;
import dev.skein.state.StoreException;
import dev.skein.state.Watch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Raft as its users see it: proposals are committed in order after a while; when the leader
/// changes, some of those under way are committed all the same and the others are lost, and the old
/// leader is told neither.
final class SimulatedLog {
  private final SimulatedTime time;
  private final Chance chance;
  private final InMemoryStore store = new InMemoryStore();
  private final Watch watch = store.watch();
  private final ArrayDeque<Entry> underWay = new ArrayDeque<>();
  private final List<Consumer<Commit>> readers = new ArrayList<>();
  private final List<Consumer<Commit>> followers = new ArrayList<>();
  private long term;

  private record Entry(long term, ChangeSet set, Consumer<ProposalOutcome> outcome) {}

  SimulatedLog(SimulatedTime time, Chance chance) {
    this.time = time;
    this.chance = chance;
  }

  ClusterState state() {
    return store.state();
  }

  long term() {
    return term;
  }

  /// Calls a reader with every commit, across leaders.
  void read(Consumer<Commit> reader) {
    readers.add(reader);
  }

  /// Calls a follower with every commit of this term.
  void follow(Consumer<Commit> follower) {
    followers.add(follower);
  }

  /// Begins a term: decides about everything that the last leader proposed.
  void elect() {
    var kept = underWay.isEmpty() ? 0 : chance.below(underWay.size() + 1);
    followers.clear();
    term++;
    for (var entry : List.copyOf(underWay)) {
      if (kept-- > 0) {
        commit(entry.set);
      }
    }
    underWay.clear();
  }

  /// Proposes in a term. The outcome comes only while that term lasts.
  void propose(long ofTerm, ChangeSet set, Consumer<ProposalOutcome> outcome) {
    if (ofTerm != term) {
      return;
    }
    underWay.add(new Entry(ofTerm, set, outcome));
    time.after(chance.micros(300, 5_000), () -> commitNext(ofTerm));
  }

  private void commitNext(long ofTerm) {
    if (ofTerm != term) {
      return;
    }
    var entry = underWay.remove();
    var outcome = commit(entry.set);
    // Now and then the answer is lost and the proposer cannot know.
    entry.outcome.accept(
        chance.in(200) ? new ProposalOutcome.Unavailable("the answer was lost") : outcome);
  }

  private ProposalOutcome commit(ChangeSet set) {
    try {
      var after = store.commit(set);
      if (watch.poll() instanceof Commit commit) {
        readers.forEach(reader -> reader.accept(commit));
        List.copyOf(followers).forEach(follower -> follower.accept(commit));
      }
      return new ProposalOutcome.Committed(after.index());
    } catch (StoreException.ConflictException conflict) {
      return new ProposalOutcome.Conflicting(String.valueOf(conflict.getMessage()));
    }
  }
}
