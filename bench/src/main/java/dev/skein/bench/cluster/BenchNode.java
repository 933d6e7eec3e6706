package dev.skein.bench.cluster;

import dev.skein.bench.RealTime;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.Endpoint;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.UnreachableException;
import dev.skein.cli.daemon.TaskLeftovers;
import dev.skein.cli.dev.TaskProcesses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One node: a daemon as a process of its own, with its own address and directory.
@RealTime
public final class BenchNode {
  private static final int ANSWER_SECONDS = 30;
  private static final int SIGNAL_SECONDS = 10;
  private static final int PORT = 2377;

  private final String name;
  private final String address;
  private final Path directory;
  private @Nullable Process process;

  BenchNode(String name, String address, Path directory) {
    this.name = name;
    this.address = address;
    this.directory = directory;
  }

  /// Its hostname in the cluster.
  public String name() {
    return name;
  }

  /// `host:port` of its RPCs.
  public String rpcAddress() {
    return address + ":" + PORT;
  }

  /// The socket of its API.
  public Path socket() {
    return directory.resolve("skein.sock");
  }

  /// Where the daemon keeps its state.
  public Path data() {
    return directory.resolve("data");
  }

  boolean isManager() {
    return name.startsWith("m");
  }

  /// Starts the daemon; returns at once.
  public void start() throws IOException {
    Files.createDirectories(data());
    process =
        new ProcessBuilder(
                LocalCluster.launcher(),
                "daemon",
                "--socket",
                socket().toString(),
                "--data-root",
                data().toString(),
                "--hostname",
                name)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .redirectErrorStream(true)
            .start();
  }

  private Path log() {
    return directory.resolve("daemon.log");
  }

  /// A new client of its API, for one thread.
  public EngineClient client() {
    return new EngineClient(new Endpoint.Unix(socket().toString()), null, ANSWER_SECONDS);
  }

  /// Whether the daemon answers.
  ///
  /// @throws IOException if it has ended
  public boolean answers() throws IOException {
    if (!isRunning()) {
      throw new IOException(name + " ended at once:\n" + Files.readString(log()));
    }
    try (var client = client()) {
      client.object("/version");
      return true;
    } catch (UnreachableException | ApiException e) {
      return false;
    }
  }

  /// Whether its daemon runs.
  public boolean isRunning() {
    return process != null && process.isAlive();
  }

  /// Sends SIGKILL to the daemon alone: its tasks run on.
  public void killDaemon() throws InterruptedException {
    if (process != null) {
      process.destroyForcibly().waitFor(SIGNAL_SECONDS, TimeUnit.SECONDS);
    }
  }

  /// Sends SIGKILL to the daemon and all its tasks' processes at once, as if the machine had lost
  /// its power.
  public void killAll() throws IOException, InterruptedException {
    var pids = new ArrayList<Long>(TaskProcesses.of(data()));
    if (process != null) {
      pids.addFirst(process.pid());
    }
    kill(pids);
    killDaemon();
  }

  private static void kill(List<Long> pids) throws IOException, InterruptedException {
    if (pids.isEmpty()) {
      return;
    }
    var command = new ArrayList<>(List.of("/bin/sh", "-c", "kill -9 \"$@\" 2>/dev/null", "kill"));
    pids.forEach(pid -> command.add(Long.toString(pid)));
    new ProcessBuilder(command).start().waitFor(SIGNAL_SECONDS, TimeUnit.SECONDS);
  }

  /// Ends the daemon and its tasks, and removes what the tasks left in the system.
  void remove() throws IOException, InterruptedException {
    killAll();
    // A task may have been started while its daemon was being killed.
    kill(TaskProcesses.of(data()));
    TaskLeftovers.remove(data());
  }

  /// Resident memory of the daemon in bytes.
  public long residentBytes() throws IOException {
    for (var line : Files.readAllLines(proc("status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    throw new IOException(name + " shows no resident memory");
  }

  /// Processor seconds that the daemon has used.
  public double cpuSeconds() throws IOException {
    return ProcessorTime.seconds(pid());
  }

  /// The daemon's process.
  public long pid() throws IOException {
    if (process == null) {
      throw new IOException(name + " was not started");
    }
    return process.pid();
  }

  private Path proc(String file) throws IOException {
    return Path.of("/proc", Long.toString(pid()), file);
  }
}
