package dev.skein.state;

import dev.skein.proto.v1.ChangeSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// A store without Raft: one change set is one entry, applied at once on the calling thread, so
/// every future it returns is complete. For the simulator and for tests.
public final class InMemoryStore implements ClusterStore {
  private final CommitFeed feed;

  public InMemoryStore() {
    this(ClusterState.empty());
  }

  public InMemoryStore(ClusterState state) {
    this(state, Limits.WATCH_QUEUE);
  }

  /// Starts from a given state.
  ///
  /// @param watchQueue commits that may wait in one watch before it is told to resync
  public InMemoryStore(ClusterState state, int watchQueue) {
    this.feed = new CommitFeed(state, watchQueue);
  }

  @Override
  public ClusterState state() {
    return feed.state();
  }

  @Override
  public CompletableFuture<Long> propose(ChangeSet set) {
    try {
      return CompletableFuture.completedFuture(commit(set).index());
    } catch (StoreException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  /// Applies one change set and returns the state with it.
  ///
  /// @throws StoreException when the set conflicts or exceeds a limit
  public ClusterState commit(ChangeSet set) {
    ChangeSets.requireWithinLimits(set);
    Applied applied;
    synchronized (this) {
      var state = feed.state();
      applied = state.apply(state.index() + 1, List.of(set));
      if (!(applied.outcomes().getFirst() instanceof Outcome.Conflict)) {
        feed.publish(applied);
        return applied.state();
      }
    }
    throw ChangeSets.conflict(applied.outcomes().getFirst());
  }

  @Override
  public CompletableFuture<ClusterState> read() {
    return CompletableFuture.completedFuture(state());
  }

  @Override
  public Watch watch(Runnable available) {
    return feed.watch(available);
  }
}
