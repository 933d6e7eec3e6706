package dev.skein.state.ratis;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What happens to a member. All calls come from one thread of the node's own, in order; a slow
/// listener delays later calls but never Raft itself.
public interface RaftListener {
  /// This member leads, and the local state holds every entry committed in earlier terms.
  default void becameLeader(long term) {}

  /// This member no longer leads; follows each [#becameLeader], also when the node closes.
  default void lostLeadership(long term) {}

  /// The leader as this member sees it, `null` while there is none.
  default void leaderChanged(@Nullable String leader) {}

  /// A committed configuration.
  default void membersChanged(List<RaftMember> members) {}

  /// This member was removed from the group; close the node and do not start it again.
  default void removed() {}

  /// The node cannot go on, mostly because it could not store or apply an entry. It serves nothing
  /// from now on: halt the process. Called once at most.
  default void failed(Throwable cause) {}
}
