package dev.skein.chaos.lab;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A node whose processes can be touched by this one: what the faults of processes and of the
/// packet filter need.
public interface Machine extends Member {

  /// A file of the experiments' own on the machine, beside the daemon's state.
  Path beside(String file) throws IOException;

  /// The daemon's process and those of its tasks.
  List<Long> processes() throws IOException;

  /// The processes of its tasks.
  List<Long> taskProcesses() throws IOException;

  /// Kills the daemon; its tasks go on.
  void kill() throws IOException;

  /// Kills the daemon and all tasks at once.
  void crash() throws IOException;

  /// Starts the daemon and waits until it runs; does nothing if it does.
  void start() throws IOException;

  /// A command that starts the daemon, for when this process can't; it may fail if it runs.
  List<String> startCommand() throws IOException;

  /// What that command must find in its environment, which nobody but this user can read.
  default Map<String, String> startEnvironment() {
    return Map.of();
  }

  /// Freezes the daemon and all tasks.
  void pause() throws IOException;

  /// Why its packet filter can't cut it off from other nodes, if it can't.
  default Optional<String> unfiltered(List<? extends Member> others) {
    return Optional.empty();
  }

  /// A command that runs in the node's network.
  List<String> inside(String... words);
}
