package dev.skein.cli.daemon;

import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRecord;
import dev.skein.worker.WorkerNode;
import dev.skein.worker.agent.AgentListener;
import dev.skein.worker.agent.ManagerConnector;
import java.io.IOException;

/// Makes the worker of this node: what it is made of is the daemon's business, when is the
/// lifecycle's.
interface WorkerFactory {

  /// What this machine has.
  NodeDescription description();

  /// A worker that takes over what runs here already; it is not started yet.
  WorkerNode create(NodeRecord record, ManagerConnector managers, AgentListener listener)
      throws IOException;
}
