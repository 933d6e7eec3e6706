package dev.skein.worker.agent;

import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeStats;

/// What the agent's core reacts to.
public sealed interface AgentEvent {

  /// A message of the open session.
  record FromManager(DispatcherMessage message) implements AgentEvent {}

  /// The session ended, for whatever reason.
  record Disconnected() implements AgentEvent {}

  /// The managers do not take this node for a member: nothing can be reported any more.
  record Refused() implements AgentEvent {}

  /// Something happened to a task. Ignored when the task is not known any more.
  record OfTask(String taskId, TaskEvent event) implements AgentEvent {}

  /// This node's mesh has no open connection to a draining endpoint any more.
  record MeshLetGo(String taskId) implements AgentEvent {}

  /// A client waits at this node's mesh for a service that has no replica.
  record MeshWaits(String serviceId) implements AgentEvent {}

  /// What the node, its tasks and its mesh use now.
  record Measured(NodeStats stats) implements AgentEvent {}

  /// What this node is and can do has changed.
  record Described(NodeDescription description) implements AgentEvent {}

  /// Every task is to be stopped: the node leaves the cluster.
  record StopAll() implements AgentEvent {}

  /// Time has passed.
  record Tick() implements AgentEvent {}
}
