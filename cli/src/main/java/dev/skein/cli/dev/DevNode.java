package dev.skein.cli.dev;

import dev.skein.cli.client.Endpoint;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.daemon.DirectoryTree;
import dev.skein.cli.daemon.TaskLeftovers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// One node of the local cluster: a directory with what its daemon keeps, and, while it runs, the
/// daemon's process.
///
/// @param name `m1`, `m2`, … for those that began as managers, `w1`, … for workers
/// @param address its loopback address
/// @param directory holds the socket, the log, the state and the process's id
record DevNode(String name, String address, Path directory) {

  private static final int ANSWER_SECONDS = 30;
  private static final int SIGNAL_SECONDS = 5;

  Path socket() {
    return directory.resolve("skein.sock");
  }

  Path log() {
    return directory.resolve("daemon.log");
  }

  Path data() {
    return directory.resolve("data");
  }

  private Path processFile() {
    return directory.resolve("daemon.pid");
  }

  private Path addressFile() {
    return directory.resolve("address");
  }

  /// Whether it began as a manager.
  boolean isManager() {
    return name.startsWith("m");
  }

  String host() {
    return "unix://" + socket();
  }

  EngineClient client() {
    return new EngineClient(new Endpoint.Unix(socket().toString()), null, ANSWER_SECONDS);
  }

  /// Makes the directory.
  void create() throws IOException {
    Files.createDirectories(directory);
    Files.writeString(addressFile(), address);
  }

  /// The node that a directory holds.
  static DevNode in(Path directory) throws IOException {
    return new DevNode(
        String.valueOf(directory.getFileName()),
        Files.readString(directory.resolve("address")).strip(),
        directory);
  }

  /// Starts the daemon as a process that outlives this one.
  ///
  /// @param launcher the `skein` script
  void start(String launcher) throws IOException {
    Files.createDirectories(data());
    var command =
        List.of(
            "setsid",
            launcher,
            "daemon",
            "--socket",
            socket().toString(),
            "--data-root",
            data().toString(),
            "--hostname",
            name);
    var builder =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .redirectErrorStream(true);
    builder.environment().remove("SKEIN_HOST");
    var process = builder.start().toHandle();
    Files.writeString(processFile(), process.pid() + " " + startOf(process));
  }

  /// The daemon's process, if it runs.
  Optional<ProcessHandle> process() throws IOException {
    if (!Files.exists(processFile())) {
      return Optional.empty();
    }
    var words = Files.readString(processFile()).strip().split(" ", -1);
    return ProcessHandle.of(Long.parseLong(words[0]))
        .filter(ProcessHandle::isAlive)
        .filter(process -> startOf(process) == Long.parseLong(words[1]));
  }

  private static long startOf(ProcessHandle process) {
    return process.info().startInstant().map(java.time.Instant::toEpochMilli).orElse(0L);
  }

  /// Sends a signal to the daemon and to all processes of its tasks, as if the machine had it.
  void signalAll(String signal) throws IOException {
    var pids = new ArrayList<Long>();
    process().map(ProcessHandle::pid).ifPresent(pids::add);
    pids.addAll(TaskProcesses.of(data()));
    signal(signal, pids);
  }

  /// Sends a signal to the daemon alone.
  void signalDaemon(String signal) throws IOException {
    signal(signal, process().map(ProcessHandle::pid).stream().toList());
  }

  private static void signal(String signal, List<Long> pids) throws IOException {
    if (pids.isEmpty()) {
      return;
    }
    var command = new ArrayList<>(List.of("/bin/sh", "-c", "kill -s \"$0\" \"$@\" 2>&1", signal));
    pids.forEach(pid -> command.add(Long.toString(pid)));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      if (!process.waitFor(SIGNAL_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("sending SIG" + signal + " took too long");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /// Removes all that is left of it, once its processes have ended.
  void delete() throws IOException {
    TaskLeftovers.remove(data());
    DirectoryTree.delete(directory);
  }

  /// What `dev ps` calls its state.
  String state() throws IOException {
    var process = process();
    if (process.isEmpty()) {
      return "stopped";
    }
    var stat = Path.of("/proc", Long.toString(process.get().pid()), "stat");
    var text = Files.exists(stat) ? Files.readString(stat) : "";
    var paused = text.startsWith("T", text.lastIndexOf(')') + 2);
    return paused ? "paused" : "running";
  }
}
