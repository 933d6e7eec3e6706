package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.Execution;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.cgroup.ProcessTree;
import dev.skein.worker.runtime.os.Awaiting;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessStat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A command that runs in a task's context until it ends or its time is over, with all that it
/// started. Blocks the thread that awaits it, so call it from a virtual one.
final class JoinedCommand {

  /// As a shell shows a command killed by SIGKILL.
  private static final int KILLED_CODE = 137;

  private static final int CHUNK_BYTES = 1024;

  private final Process process;
  private final ProcessTree tree;
  private final CompletableFuture<String> output = new CompletableFuture<>();

  /// @param mark `NAME=value` in the environment of all that the command starts
  JoinedCommand(Process process, String mark) {
    this.process = process;
    tree = new ProcessTree(mark, ProcFs.stat(process.pid()).map(ProcessStat::id).orElse(null));
    Thread.ofVirtual().name("probe-output").start(() -> output.complete(read()));
  }

  /// The beginning of the output; the rest is read so that the command is not held up.
  private String read() {
    var kept = new byte[Execution.OUTPUT_BYTES_MAX];
    var length = 0;
    try (InputStream in = process.getInputStream()) {
      while (length < kept.length) {
        var count = in.read(kept, length, kept.length - length);
        if (count < 0) {
          break;
        }
        length += count;
      }
      var rest = new byte[CHUNK_BYTES];
      while (length == kept.length && in.read(rest) >= 0) {
        // Dropped.
      }
    } catch (IOException e) {
      // The pipe was closed when the command was killed: what came before counts.
    }
    return new String(kept, 0, length, StandardCharsets.UTF_8).strip();
  }

  Execution await(Duration timeout) throws IOException, InterruptedException {
    try {
      var ended = process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS);
      // Also what a command that has ended left behind: each probe would add to it. Whether
      // something holds the output open does not tell, because Java may close it at the end.
      kill();
      return ended
          ? new Execution(process.exitValue(), false, outputAfterTheEnd())
          : new Execution(KILLED_CODE, true, outputAfterTheEnd());
    } catch (InterruptedException e) {
      kill();
      throw e;
    }
  }

  private String outputAfterTheEnd() throws InterruptedException {
    try {
      return output.get(TaskRuntime.KILL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return "";
    }
  }

  private void kill() throws IOException {
    if (!Awaiting.until(TaskRuntime.KILL_TIMEOUT, () -> !tree.kill())) {
      throw new IOException("its processes do not die of SIGKILL: they are stuck in the kernel");
    }
  }
}
