package dev.skein.worker.agent;

import dev.skein.proto.v1.PortConfig;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// The node's ports for its tasks: the agent's view of the network. Thread-safe; only `attach` may
/// block.
public interface TaskPorts {

  /// What a task was given.
  ///
  /// @param ports the target ports, each with the port to reach it at on the node's address
  /// @param environment how the task is told
  record Given(List<PortConfig> ports, Map<String, String> environment) {}

  /// Gives a task its ports; once, until they are taken back.
  ///
  /// @throws IOException if it can't, with the reason for the user
  Given attach(String taskId, List<PortConfig> wanted) throws IOException;

  /// Takes over what an earlier agent gave to a task that still runs.
  void adopt(String taskId, List<PortConfig> ports);

  /// Takes a task's ports back; does nothing for one that has none.
  void detach(String taskId);
}
