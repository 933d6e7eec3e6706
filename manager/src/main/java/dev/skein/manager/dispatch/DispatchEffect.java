package dev.skein.manager.dispatch;

import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.DispatcherMessage;
import io.grpc.Status;

/// What the dispatcher's core asks to be done.
public sealed interface DispatchEffect {

  /// Send on a session.
  record Send(long session, DispatcherMessage message) implements DispatchEffect {}

  /// End a session, telling the agent why.
  record End(long session, Status.Code code, String reason) implements DispatchEffect {}

  /// Propose a change set; how it went is told by [DispatcherCore#proposed].
  record Propose(long proposal, ChangeSet set) implements DispatchEffect {}
}
