package dev.skein.state;

/// What a watcher is told: every commit in order, or that it has missed some.
public sealed interface WatchEvent permits Commit, Resync {
  /// The state after the event.
  ClusterState after();
}
