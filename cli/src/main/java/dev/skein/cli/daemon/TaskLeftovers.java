package dev.skein.cli.daemon;

import dev.skein.worker.runtime.process.ProcessRuntime;
import dev.skein.worker.runtime.process.ProcessRuntimeConfig;
import java.io.IOException;
import java.nio.file.Path;

/// What the tasks of a daemon that was killed leave behind: processes and cgroups.
public final class TaskLeftovers {

  private TaskLeftovers() {}

  /// Ends and removes every task below a data directory whose daemon does not run any more.
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
