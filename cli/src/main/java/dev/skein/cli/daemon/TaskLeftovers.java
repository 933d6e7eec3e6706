package dev.skein.cli.daemon;

import dev.skein.worker.runtime.cgroup.Containments;
import dev.skein.worker.runtime.process.ProcessRuntime;
import dev.skein.worker.runtime.process.ProcessRuntimeConfig;
import java.io.IOException;
import java.nio.file.Path;

/// What the tasks of a daemon that was killed, or left its swarm, leave behind: processes and
/// cgroups.
public final class TaskLeftovers {

  private TaskLeftovers() {}

  /// Removes the cgroups of daemons of this machine that are gone for good: nothing runs in them.
  public static void sweepCgroups() throws IOException {
    Containments.sweep();
  }

  /// Ends and removes every task below a data directory that no worker uses any more.
  public static void remove(Path dataRoot) throws IOException {
    var files = new DaemonFiles(dataRoot);
    var record = files.readRecord();
    if (record.isEmpty()) {
      return;
    }
    try (var runtime =
        ProcessRuntime.open(
            ProcessRuntimeConfig.of(files.worker().resolve("process"), record.get().getNodeId()),
            SystemClock.STEADY)) {
      for (var task : runtime.adopt().keySet()) {
        runtime.remove(task);
      }
    }
  }
}
