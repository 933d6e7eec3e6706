package dev.skein.state;

/// The watcher was too slow, or the state was replaced by a snapshot: commits are missing. It
/// starts again from `after`; the next commit follows that state.
public record Resync(ClusterState after) implements WatchEvent {}
