package dev.skein.state;

import dev.skein.proto.v1.ChangeSet;
import dev.skein.state.ratis.RaftException;
import dev.skein.state.ratis.RaftNode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// The store of a manager: proposals go through Raft, the state is what its machine has applied.
/// Futures complete on Raft's own thread; long work belongs elsewhere.
public final class RaftStore implements ClusterStore {
  private final RaftNode node;
  private final ClusterMachine machine;

  /// A view on a running node; closing that is its owner's business.
  ///
  /// @param machine the one that `node` feeds
  public RaftStore(RaftNode node, ClusterMachine machine) {
    this.node = node;
    this.machine = machine;
  }

  @Override
  public ClusterState state() {
    return machine.state();
  }

  @Override
  public CompletableFuture<Long> propose(ChangeSet set) {
    try {
      ChangeSets.requireWithinLimits(set);
    } catch (StoreException.TooLargeException tooLarge) {
      return CompletableFuture.failedFuture(tooLarge);
    }
    return node.propose(set.toByteArray())
        .handle(
            (applied, failure) -> {
              if (failure != null) {
                throw storeException(failure);
              }
              return switch ((Outcome) applied.result()) {
                case Outcome.Accepted() -> applied.index();
                case Outcome.Conflict(var message) ->
                    throw new StoreException.ConflictException(message);
              };
            });
  }

  @Override
  public CompletableFuture<ClusterState> read() {
    return node.readBarrier()
        .handle(
            (_, failure) -> {
              if (failure != null) {
                throw storeException(failure);
              }
              // The barrier completes once the machine has applied it.
              return machine.state();
            });
  }

  @Override
  public Watch watch(Runnable available) {
    return machine.watch(available);
  }

  private static RuntimeException storeException(Throwable failure) {
    var cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
    return switch (cause) {
      case RaftException.NotLeader notLeader ->
          new StoreException.NotLeaderException(notLeader.leader());
      case RaftException.TooLarge tooLarge ->
          new StoreException.TooLargeException(String.valueOf(tooLarge.getMessage()));
      case RaftException other ->
          new StoreException.UnavailableException(String.valueOf(other.getMessage()), other);
      case null, default -> new IllegalStateException("a failure that Raft does not name", cause);
    };
  }
}
