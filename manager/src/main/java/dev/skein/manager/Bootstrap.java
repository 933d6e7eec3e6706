package dev.skein.manager;

import dev.skein.manager.ca.JoinToken;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.JoinTokens;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.Object;
import dev.skein.proto.v1.RootCa;
import dev.skein.state.ClusterState;
import dev.skein.state.Times;
import java.security.SecureRandom;
import java.time.Instant;

/// The first entries of a cluster's log, and the one that makes it a cluster of one again.
public final class Bootstrap {

  private static final String NAME = "default";

  private Bootstrap() {}

  /// A new cluster with its first node.
  public static ChangeSet create(
      String clusterId,
      ClusterSpec spec,
      RootCa root,
      Node first,
      Instant now,
      SecureRandom random) {
    var cluster =
        Cluster.newBuilder()
            .setId(clusterId)
            .setSpec(spec.toBuilder().setName(NAME))
            .setRootCa(root)
            .setJoinTokens(
                JoinTokens.newBuilder()
                    .setWorker(JoinToken.create(root.getDigest(), random).toString())
                    .setManager(JoinToken.create(root.getDigest(), random).toString()));
    return ChangeSet.newBuilder()
        .setProposedAt(Times.timestamp(now))
        .addChanges(create(Object.newBuilder().setCluster(cluster).build()))
        .addChanges(create(Object.newBuilder().setNode(first).build()))
        .build();
  }

  /// After the quorum was given up: `survivor` is the only manager, all others become workers that
  /// have to join again to be managers. Services and tasks stay as they are.
  ///
  /// @param survivor this node as it is now
  public static ChangeSet aloneAgain(ClusterState state, Node survivor, Instant now) {
    var changes = ChangeSet.newBuilder().setProposedAt(Times.timestamp(now));
    for (var node : state.nodes().values()) {
      if (node.getId().equals(survivor.getId())) {
        changes.addChanges(update(survivor.toBuilder().setVersion(node.getVersion()).build()));
      } else if (node.hasManagerStatus()
          || node.getSpec().getRole() == NodeRole.NODE_ROLE_MANAGER) {
        var demoted = node.toBuilder().clearManagerStatus();
        demoted.getSpecBuilder().setRole(NodeRole.NODE_ROLE_WORKER);
        changes.addChanges(update(demoted.build()));
      }
    }
    return changes.build();
  }

  private static Change create(Object object) {
    return Change.newBuilder().setCreate(object).build();
  }

  private static Change update(Node node) {
    return Change.newBuilder().setUpdate(Object.newBuilder().setNode(node)).build();
  }
}
