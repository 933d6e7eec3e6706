package dev.skein.cli.dev;

import dev.skein.cli.client.Endpoint;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.daemon.DaemonProcess;
import dev.skein.cli.daemon.DirectoryTree;
import dev.skein.cli.daemon.TaskLeftovers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One node of the local cluster: a directory with what its daemon keeps, and, while it runs, the
/// daemon's process. Whatever process looks at the directory sees the same node.
///
/// @param name `m1`, `m2`, … for those that began as managers, `w1`, … for workers
/// @param address its address: of the loopback network, or in a network namespace of its own
/// @param directory holds the socket, the log, the state and the process's id
public record DevNode(String name, String address, Path directory) {

  /// Of a daemon's RPCs; Raft has the next one.
  public static final int PORT = 2377;

  private static final int ANSWER_SECONDS = 30;

  public Path socket() {
    return directory.resolve("skein.sock");
  }

  public Path log() {
    return directory.resolve("daemon.log");
  }

  public Path data() {
    return directory.resolve("data");
  }

  private Path processFile() {
    return directory.resolve("daemon.pid");
  }

  private Path addressFile() {
    return directory.resolve("address");
  }

  /// Whether it began as a manager.
  public boolean isManager() {
    return name.startsWith("m");
  }

  public String host() {
    return "unix://" + socket();
  }

  public EngineClient client() {
    return new EngineClient(new Endpoint.Unix(socket().toString()), null, ANSWER_SECONDS);
  }

  /// `host:port` of its RPCs.
  public String rpc() {
    return address + ":" + PORT;
  }

  /// The cluster that it belongs to is the directory above its own.
  private Isolation isolation() {
    return Isolation.of(directory.resolveSibling("."));
  }

  /// Whether it has a network and a disk of its own.
  public boolean isIsolated() {
    return Files.exists(image());
  }

  /// Its disk, if it has one of its own.
  Path image() {
    return directory.resolve("disk.img");
  }

  /// The words before a command that make it run in the node's network.
  public List<String> inside() {
    return isIsolated() ? Isolation.inside(isolation().namespace(name)) : List.of();
  }

  /// Where variables for the daemon's environment stand, a line each.
  public Path environmentFile() {
    return directory.resolve("environment");
  }

  /// Makes the directory.
  ///
  /// @param environment variables for the daemon
  void create(Map<String, String> environment) throws IOException {
    Files.createDirectories(directory);
    Files.write(
        environmentFile(),
        environment.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
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
  public void start(String launcher) throws IOException {
    Files.createDirectories(data());
    if (isIsolated()) {
      if (!isolation().exists()) {
        throw new IOException(
            "the network of %s is gone, as after a restart of the machine: skein dev down, and up again"
                .formatted(name));
      }
      Isolation.mount(this);
    }
    var command = new ArrayList<>(inside());
    command.addAll(
        List.of(
            "setsid",
            launcher,
            "daemon",
            "--socket",
            socket().toString(),
            "--data-root",
            data().toString(),
            "--hostname",
            name));
    var builder =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .redirectErrorStream(true);
    builder.environment().remove("SKEIN_HOST");
    builder.environment().putAll(ownEnvironment());
    var process = builder.start().toHandle();
    Files.writeString(processFile(), process.pid() + " " + startOf(process));
  }

  private Map<String, String> ownEnvironment() throws IOException {
    var environment = new HashMap<String, String>();
    if (Files.exists(environmentFile())) {
      for (var line : Files.readAllLines(environmentFile())) {
        var split = line.indexOf('=');
        environment.put(line.substring(0, split), line.substring(split + 1));
      }
    }
    return environment;
  }

  /// The daemon's process, if it runs: the one that was started here, or whichever has taken over
  /// its directory since.
  public Optional<ProcessHandle> process() throws IOException {
    var started = started();
    return started.isPresent() ? started : DaemonProcess.of(data());
  }

  private Optional<ProcessHandle> started() throws IOException {
    if (!Files.exists(processFile())) {
      return Optional.empty();
    }
    var words = Files.readString(processFile()).strip().split(" ", -1);
    return ProcessHandle.of(Long.parseLong(words[0]))
        .filter(process -> !hasEnded(process))
        .filter(process -> startOf(process) == Long.parseLong(words[1]));
  }

  private static long startOf(ProcessHandle process) {
    return process.info().startInstant().map(java.time.Instant::toEpochMilli).orElse(0L);
  }

  /// Sends a signal to the daemon and to all processes of its tasks, as if the machine had it.
  public void signalAll(String signal) throws IOException {
    var pids = new ArrayList<Long>();
    process().map(ProcessHandle::pid).ifPresent(pids::add);
    pids.addAll(TaskProcesses.of(data()));
    signal(signal, pids);
  }

  /// Sends a signal to the daemon alone.
  public void signalDaemon(String signal) throws IOException {
    signal(signal, process().map(ProcessHandle::pid).stream().toList());
  }

  /// Sends a signal to processes; those that have ended meanwhile do not matter.
  public static void signal(String signal, List<Long> pids) throws IOException {
    if (!pids.isEmpty()) {
      var command = new ArrayList<>(List.of("/bin/sh", "-c", "kill -s \"$0\" \"$@\" 2>&1", signal));
      pids.forEach(pid -> command.add(Long.toString(pid)));
      SystemCommand.succeeds(command.toArray(String[]::new));
    }
  }

  /// Removes all that is left of it, once its processes have ended.
  void delete() throws IOException {
    TaskLeftovers.remove(data());
    if (isIsolated()) {
      isolation().remove(this);
    }
    DirectoryTree.delete(directory);
  }

  /// What `dev ps` calls its state.
  public String state() throws IOException {
    var process = process();
    if (process.isEmpty()) {
      return "stopped";
    }
    return stateOf(process.get()) == 'T' ? "paused" : "running";
  }

  /// Whether it does nothing any more and holds nothing, though its parent may not know yet. The
  /// first of its threads may have ended before the others, which still have its files.
  private static boolean hasEnded(ProcessHandle process) {
    var state = stateOf(process);
    return state == 'X' || (state == 'Z' && threads(process) <= 1);
  }

  private static int threads(ProcessHandle process) {
    var threads = Path.of("/proc", Long.toString(process.pid()), "task").toFile().list();
    return threads == null ? 0 : threads.length;
  }

  /// The state of a process, as `/proc/PID/stat` has it.
  private static char stateOf(ProcessHandle process) {
    try {
      var text = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
      return text.charAt(text.lastIndexOf(')') + 2);
    } catch (IOException e) {
      return 'X'; // It is gone.
    }
  }
}
