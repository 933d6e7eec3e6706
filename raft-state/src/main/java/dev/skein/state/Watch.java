package dev.skein.state;

import org.jspecify.annotations.Nullable;

/// A bounded queue of a store's commits, for one reader. Every commit after [#initial] comes once
/// and in order, or a [Resync] stands for those that did not fit into the queue.
public interface Watch extends AutoCloseable {
  /// The state at which the watch began.
  ClusterState initial();

  /// The next event, waiting for it.
  ///
  /// @throws InterruptedException when the waiting thread is interrupted
  /// @throws IllegalStateException when the watch is closed, also while waiting
  WatchEvent take() throws InterruptedException;

  /// The next event if there already is one.
  @Nullable WatchEvent poll();

  /// Ends the watch and forgets its queue.
  @Override
  void close();
}
