package dev.skein.manager.dispatch;

import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.NodeStats;
import io.grpc.Status;
import java.util.List;

/// What the dispatcher's core asks to be done.
public sealed interface DispatchEffect {

  /// Send on a session.
  record Send(long session, DispatcherMessage message) implements DispatchEffect {}

  /// End a session, telling the agent why.
  record End(long session, Status.Code code, String reason) implements DispatchEffect {}

  /// A node has told what is used there.
  record Measured(String nodeId, NodeStats stats) implements DispatchEffect {}

  /// Clients wait at a node's mesh for these services, which have no replica.
  record Wanted(List<String> serviceIds) implements DispatchEffect {}

  /// Propose a change set; how it went is told by [DispatcherCore#proposed].
  record Propose(long proposal, ChangeSet set) implements DispatchEffect {}
}
