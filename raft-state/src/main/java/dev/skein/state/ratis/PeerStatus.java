package dev.skein.state.ratis;

import org.jspecify.annotations.Nullable;

/// One member as this node sees it.
///
/// @param member who
/// @param leader whether it leads
/// @param silentMillis time since its last answer: known to the leader of the others, for a new
///     leader once they answered it or it has led for [RaftLimits#REACHABLE_WITHIN], and to a
///     follower of the leader; 0 for this node itself, `null` otherwise
/// @param matchIndex last entry known to be stored there, `null` unless this node leads
/// @param nextIndex next entry to send there, `null` unless this node leads
public record PeerStatus(
    RaftMember member,
    boolean leader,
    @Nullable Long silentMillis,
    @Nullable Long matchIndex,
    @Nullable Long nextIndex) {
  /// Whether it answered lately; `null` if this node cannot tell.
  public @Nullable Boolean reachable() {
    return silentMillis == null ? null : silentMillis <= RaftLimits.REACHABLE_WITHIN.toMillis();
  }
}
