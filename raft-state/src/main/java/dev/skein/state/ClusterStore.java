package dev.skein.state;

import dev.skein.proto.v1.ChangeSet;
import java.util.concurrent.CompletableFuture;

/// The replicated state as its users see it: the seam between them and Raft. Safe for use from any
/// thread.
public interface ClusterStore {
  /// The latest state applied here. On a follower it may be behind the leader's.
  ClusterState state();

  /// Proposes a change set. Completes with the index of the entry that holds it once that is
  /// committed and applied here, or fails with a [StoreException].
  CompletableFuture<Long> propose(ChangeSet set);

  /// A linearizable read: a state that holds everything acknowledged anywhere before this call.
  /// Fails with a [StoreException].
  CompletableFuture<ClusterState> read();

  /// Watches from the present state on.
  default Watch watch() {
    return watch(() -> {});
  }

  /// Watches from the present state on.
  ///
  /// @param available called on the applying thread whenever an event was queued; must not block
  Watch watch(Runnable available);
}
