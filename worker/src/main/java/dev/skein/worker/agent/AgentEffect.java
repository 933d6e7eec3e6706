package dev.skein.worker.agent;

import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.LogSubscription;
import dev.skein.proto.v1.ManagerList;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.Node;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the agent's core asks to be done.
public sealed interface AgentEffect {

  /// Send on the open session.
  record Send(AgentMessage message) implements AgentEffect {}

  /// The manager took this node's session: report at least once per period.
  record SessionReady(String sessionId, Duration heartbeatPeriod) implements AgentEffect {}

  /// End the session and open another; `reason` is for the log.
  record EndSession(String reason) implements AgentEffect {}

  /// Do something for a task, beside the core's thread; its answer comes back as an event.
  record Run(WorkerTask task, TaskEffect effect) implements AgentEffect {}

  /// Make this the routing mesh's table.
  record ApplyMesh(List<MeshService> services) implements AgentEffect {}

  /// Write down what is known of a task.
  record SaveTask(WorkerTask task) implements AgentEffect {}

  /// Forget what was written down of a task.
  record ForgetTask(String taskId) implements AgentEffect {}

  /// What is known of a task has changed; null when it is forgotten. For those who read along.
  record TaskMoved(String taskId, @Nullable WorkerTask task) implements AgentEffect {}

  /// The managers to connect to, the leader first.
  record ManagersChanged(ManagerList managers) implements AgentEffect {}

  /// This node's own object changed: role, availability, labels.
  record NodeChanged(Node node) implements AgentEffect {}

  /// Publish the lines of these tasks.
  record Subscribe(LogSubscription subscription) implements AgentEffect {}

  /// Stop publishing.
  record Unsubscribe(String subscriptionId) implements AgentEffect {}
}
