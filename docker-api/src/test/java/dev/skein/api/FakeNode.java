package dev.skein.api;

import dev.skein.proto.v1.Capability;
import dev.skein.proto.v1.InitRequest;
import dev.skein.proto.v1.JoinRequest;
import dev.skein.proto.v1.LocalNodeInfo;
import dev.skein.proto.v1.LocalNodeState;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.Platform;
import dev.skein.proto.v1.RemoteManager;
import dev.skein.proto.v1.Resources;
import dev.skein.state.ClusterState;
import org.jspecify.annotations.Nullable;

/// A daemon that is told what it is.
final class FakeNode implements LocalNode {
  static final String ID = "node1xxxxxxxxxxxxxxxxxxxx";

  volatile LocalNodeInfo info = LocalNodeInfo.getDefaultInstance();
  volatile InitRequest lastInit = InitRequest.getDefaultInstance();
  volatile JoinRequest lastJoin = JoinRequest.getDefaultInstance();
  volatile @Nullable ClusterState replica;

  void becomeManager() {
    info =
        LocalNodeInfo.newBuilder()
            .setNodeId(ID)
            .setNodeAddr("127.0.0.1")
            .setLocalNodeState(LocalNodeState.LOCAL_NODE_STATE_ACTIVE)
            .setControlAvailable(true)
            .addRemoteManagers(RemoteManager.newBuilder().setNodeId(ID).setAddr("127.0.0.1:2377"))
            .build();
  }

  void becomeWorker() {
    info =
        LocalNodeInfo.newBuilder()
            .setNodeId(ID)
            .setLocalNodeState(LocalNodeState.LOCAL_NODE_STATE_ACTIVE)
            .build();
  }

  @Override
  public LocalNodeInfo info() {
    return info;
  }

  @Override
  public NodeDescription description() {
    return NodeDescription.newBuilder()
        .setHostname("m1")
        .setPlatform(Platform.newBuilder().setOs("linux").setArchitecture("x86_64"))
        .setResources(Resources.newBuilder().setNanoCpus(2_000_000_000).setMemoryBytes(1L << 33))
        .addCapabilities(Capability.newBuilder().setName("process").setAvailable(true))
        .addCapabilities(
            Capability.newBuilder().setName("memory limits").setReason("needs root for cgroups"))
        .build();
  }

  @Override
  public @Nullable ClusterState replica() {
    return replica;
  }

  @Override
  public String init(InitRequest request) {
    if (info.getLocalNodeState() != LocalNodeState.LOCAL_NODE_STATE_INACTIVE) {
      throw ApiException.unavailable("This node is already part of a swarm.");
    }
    lastInit = request;
    becomeManager();
    return ID;
  }

  @Override
  public void join(JoinRequest request) {
    if (request.getJoinToken().equals("wrong")) {
      throw ApiException.badRequest("invalid join token");
    }
    lastJoin = request;
    becomeWorker();
  }

  @Override
  public void leave(boolean force) {
    if (info.getControlAvailable() && !force) {
      throw ApiException.unavailable("You are attempting to leave on a node that is a manager.");
    }
    info = LocalNodeInfo.getDefaultInstance();
  }
}
