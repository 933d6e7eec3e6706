package dev.skein.worker.agent;

import dev.skein.proto.v1.ManagerList;
import dev.skein.proto.v1.Node;
import io.grpc.Status;

/// What the agent's owner is told; on the agent's thread, so return soon.
public interface AgentListener {

  /// The managers of the cluster, the leader first.
  void managersChanged(ManagerList managers);

  /// This node's own object: at the start of each session, and when its role, availability or
  /// labels change.
  void nodeChanged(Node node);

  /// A manager refused this node: its certificate is not valid, or it is no member any more. The
  /// agent goes on trying.
  void refused(Status status);

  /// Hears nothing.
  AgentListener NONE =
      new AgentListener() {
        @Override
        public void managersChanged(ManagerList managers) {}

        @Override
        public void nodeChanged(Node node) {}

        @Override
        public void refused(Status status) {}
      };
}
