package dev.skein.state;

import java.util.List;

/// One log entry as watchers see it.
///
/// @param index the entry's Raft index
/// @param before the state it was applied to
/// @param after the state it made
/// @param changes what it changed, in order; never empty
public record Commit(
    long index, ClusterState before, ClusterState after, List<ObjectChange> changes)
    implements WatchEvent {
  public Commit {
    changes = List.copyOf(changes);
  }
}
