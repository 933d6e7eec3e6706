package dev.skein.state.ratis;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a member needs to start.
///
/// @param clusterId names the cluster; members of different clusters refuse each other, and a
///     directory of another cluster is refused
/// @param self this member as the others see it
/// @param listenHost address to bind; the port is `self`'s
/// @param directory all durable state, owned by one running node; made when absent
/// @param bootstrap the first members, `self` among them, for a new cluster; empty to wait until
///     the leader adds this member. Ignored once the directory has state.
/// @param timing timeouts
/// @param tls `null` only where every process on the network is trusted, as in tests
/// @param snapshotEntries entries between snapshots where the replicated state does not say, at
///     least 1
public record RaftConfig(
    String clusterId,
    RaftMember self,
    String listenHost,
    Path directory,
    List<RaftMember> bootstrap,
    RaftTiming timing,
    @Nullable RaftTls tls,
    int snapshotEntries) {
  /// Entries between snapshots unless set.
  public static final int SNAPSHOT_ENTRIES = 10_000;

  public RaftConfig {
    bootstrap = List.copyOf(bootstrap);
    if (clusterId.isEmpty()) {
      throw new IllegalArgumentException("the cluster has no id");
    }
    if (!bootstrap.isEmpty() && !bootstrap.contains(self)) {
      throw new IllegalArgumentException(
          "the first members " + bootstrap + " do not include " + self);
    }
    if (snapshotEntries < 1) {
      throw new IllegalArgumentException("snapshotEntries " + snapshotEntries + " is less than 1");
    }
  }
}
