package dev.skein.chaos.lab;

import dev.skein.chaos.RealTime;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Steps into the system calls of a daemon that runs, and lets it go again: strace, which can make
/// calls fail as the kernel would.
@RealTime
public final class Tracer {

  private static final Path SCOPE = Path.of("/proc/sys/kernel/yama/ptrace_scope");
  private static final int ATTACH_SECONDS = 20;
  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private Tracer() {}

  /// Why this user may trace nothing on this machine, if it is so.
  public static Optional<String> missing() {
    try {
      return System.getProperty("user.name", "").equals("root")
              || !Files.exists(SCOPE)
              || Files.readString(SCOPE).strip().equals("0")
          ? Optional.empty()
          : Optional.of("only root may step into other processes here (%s)".formatted(SCOPE));
    } catch (IOException e) {
      return Optional.of("%s can't be read: %s".formatted(SCOPE, e.getMessage()));
    }
  }

  /// Begins to step into the calls of a node's daemon, and returns when all its threads are held.
  ///
  /// @param what `inject=CALLS:…`, as strace has it
  /// @param pidFile where the tracer's process id is written; its end lets the daemon go
  /// @param longest when it ends by itself
  /// @throws IOException with what strace said, if it can't
  public static void attach(LabNode node, String what, Path pidFile, Duration longest)
      throws IOException {
    var daemon = node.daemon();
    var said = node.beside("tracer.log");
    var tracer =
        new ProcessBuilder(
                "setsid",
                "sh",
                "-c",
                "echo $$ >\"$0\"; exec timeout \"$1\" strace -f -q -e \"$2\" -o /dev/null -p"
                    + " \"$3\"",
                pidFile.toString(),
                Long.toString(Math.max(1, longest.toSeconds())),
                what,
                Long.toString(daemon))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    tracer.getOutputStream().close();
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ATTACH_SECONDS);
    while (!holdsAll(daemon)) {
      if (!node.isRunning()) {
        return;
      }
      if (!tracer.isAlive() || System.nanoTime() - deadline > 0) {
        throw new IOException(
            "strace does not attach to %s: %s".formatted(node, Files.readString(said).strip()));
      }
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }
  }

  /// Whether each thread of a process has a tracer.
  private static boolean holdsAll(long process) throws IOException {
    try (var threads = Files.newDirectoryStream(Path.of("/proc/%d/task".formatted(process)))) {
      for (var thread : threads) {
        if (Files.readString(thread.resolve("status")).contains("\nTracerPid:\t0\n")) {
          return false;
        }
      }
      return true;
    } catch (IOException | DirectoryIteratorException e) {
      // A thread has ended meanwhile, or the process.
      return false;
    }
  }
}
