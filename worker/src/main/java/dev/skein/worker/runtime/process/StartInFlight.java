package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.os.Awaiting;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessStat;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// A daemon may die between starting a supervisor and hearing from it. The next one must not take
/// such a task for one that was never started.
final class StartInFlight {

  /// A supervisor reports within milliseconds; this is for a machine that swaps.
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private StartInFlight() {}

  /// What was started in the directory; waits for it while a supervisor is at work there.
  static Optional<TaskDirectory.Started> await(TaskDirectory directory) throws IOException {
    var settled =
        Awaiting.until(
            LIMIT, () -> directory.started().isPresent() || !supervisorIsAtWork(directory));
    if (!settled) {
      throw new IOException(
          "the supervisor of task "
              + directory.path().getFileName()
              + " does not report its start");
    }
    return directory.started();
  }

  private static boolean supervisorIsAtWork(TaskDirectory directory) throws IOException {
    var path = directory.path().toString();
    return ProcFs.processes().stream()
        .filter(ProcessStat::alive)
        .anyMatch(process -> ProcFs.hasArgument(process.pid(), path));
  }
}
