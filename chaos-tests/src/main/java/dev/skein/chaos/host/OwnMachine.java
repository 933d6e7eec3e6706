package dev.skein.chaos.host;

import dev.skein.chaos.RealTime;
import dev.skein.chaos.lab.Detached;
import dev.skein.chaos.lab.Machine;
import dev.skein.chaos.lab.Member;
import dev.skein.cli.daemon.DaemonProcess;
import dev.skein.cli.dev.DevNode;
import dev.skein.cli.dev.SystemCommand;
import dev.skein.cli.dev.TaskProcesses;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/// The node that this process runs on, as a task: its daemon, and all its tasks but this one.
///
/// It knows the daemon by the directory that both are below; how the daemon was started is learnt
/// while it runs. One thread.
@RealTime
public final class OwnMachine implements Machine {

  private static final String DIRECTORY = "chaos";
  private static final String START = "SKEIN_CHAOS_START";
  private static final int END_SECONDS = 20;
  private static final long START_LIMIT_NANOS = Duration.ofSeconds(30).toNanos();
  private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(50).toNanos();

  private final String name;
  private final String task;
  private final Path data;
  private final String start;

  private OwnMachine(String name, String task, Path data, String start) {
    this.name = name;
    this.task = task;
    this.data = data;
    this.start = start;
  }

  /// The node whose daemon has begun this process as a task.
  ///
  /// @param name by which experiments name it
  /// @param task the task's id
  /// @param work a directory of the task
  /// @throws IOException if no daemon runs in a directory above
  public static OwnMachine of(String name, String task, Path work) throws IOException {
    for (var directory = work.toAbsolutePath(); directory != null; ) {
      var daemon = DaemonProcess.of(directory);
      if (daemon.isPresent()) {
        Files.createDirectories(directory.resolve(DIRECTORY));
        return new OwnMachine(name, task, directory, script(daemon.get().pid()));
      }
      directory = directory.getParent();
    }
    throw new IOException(
        "no daemon runs on a directory above %s: this is for tasks of a cluster only"
            .formatted(work));
  }

  /// Starts a daemon just as the one that runs was started. It holds the daemon's environment, so
  /// it is kept in memory only, and handed on in the environment of what may have to start it.
  private static String script(long pid) throws IOException {
    var process = Path.of("/proc", Long.toString(pid));
    var words = new ArrayList<>(List.of("exec", "env", "-i"));
    strings(process.resolve("environ")).forEach(word -> words.add(quoted(word)));
    words.addAll(List.of("setsid", "--fork"));
    strings(process.resolve("cmdline")).forEach(word -> words.add(quoted(word)));
    var output = Files.readSymbolicLink(process.resolve("fd/1"));
    var log = Files.isRegularFile(output) ? output.toString() : "/dev/null";
    return "cd %s\n%s </dev/null >>%s 2>&1\n"
        .formatted(
            quoted(Files.readSymbolicLink(process.resolve("cwd")).toString()),
            String.join(" ", words),
            quoted(log));
  }

  private static List<String> strings(Path file) throws IOException {
    var text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    var strings = List.of(text.split("\0", -1));
    return strings.subList(0, strings.size() - 1);
  }

  private static String quoted(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }

  /// What is kept of experiments on this node.
  public Path directory() {
    return data.resolve(DIRECTORY);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String address() {
    return "";
  }

  @Override
  public boolean isManager() {
    return false;
  }

  private Optional<ProcessHandle> daemon() throws IOException {
    return DaemonProcess.of(data);
  }

  @Override
  public boolean isRunning() throws IOException {
    return daemon().isPresent();
  }

  @Override
  public Path beside(String file) {
    return directory().resolve(file);
  }

  @Override
  public List<Long> processes() throws IOException {
    var pids = new ArrayList<Long>();
    daemon().map(ProcessHandle::pid).ifPresent(pids::add);
    pids.addAll(taskProcesses());
    return pids;
  }

  @Override
  public List<Long> taskProcesses() throws IOException {
    return TaskProcesses.of(data, task);
  }

  @Override
  public void kill() throws IOException {
    kill(List.of());
  }

  @Override
  public void crash() throws IOException {
    kill(taskProcesses());
  }

  private void kill(List<Long> tasks) throws IOException {
    var daemon = daemon();
    var all = new ArrayList<>(tasks);
    daemon.map(ProcessHandle::pid).ifPresent(all::add);
    DevNode.signal("KILL", all);
    if (daemon.isPresent()) {
      awaitEnd(daemon.get());
    }
  }

  private void awaitEnd(ProcessHandle daemon) throws IOException {
    try {
      daemon.onExit().get(END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the daemon of %s does not end".formatted(name), e);
    }
  }

  /// A service manager may be faster; the second daemon on a directory refuses to start, so that
  /// it does no harm.
  @Override
  public void start() throws IOException {
    if (isRunning()) {
      return;
    }
    var starting =
        new ProcessBuilder(Detached.shell("eval \"$" + START + "\""))
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectErrorStream(true);
    starting.environment().putAll(startEnvironment());
    starting.start();
    var limit = System.nanoTime() + START_LIMIT_NANOS;
    while (!isRunning()) {
      if (System.nanoTime() - limit > 0) {
        throw new IOException("the daemon of %s does not start".formatted(name));
      }
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }
  }

  @Override
  public List<String> startCommand() {
    return List.of("sh", "-c", "eval \"$" + START + "\"");
  }

  @Override
  public Map<String, String> startEnvironment() {
    return Map.of(START, start);
  }

  @Override
  public void pause() throws IOException {
    DevNode.signal("STOP", processes());
  }

  @Override
  public Optional<String> unfiltered(List<? extends Member> others) {
    if (!SystemCommand.succeeds("nft", "list", "tables")) {
      return Optional.of(
          "%s has no nft, or its daemon's user is not root: apt-get install nftables"
              .formatted(name));
    }
    // To cut off an address of this machine would cut off other nodes from one another too.
    return others.stream()
        .filter(other -> isOwn(other.address()))
        .findFirst()
        .map(other -> "%s and %s are on one machine".formatted(name, other.name()));
  }

  private static boolean isOwn(String address) {
    try {
      var at = InetAddress.getByName(address);
      return at.isLoopbackAddress() || NetworkInterface.getByInetAddress(at) != null;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public List<String> inside(String... words) {
    return List.of(words);
  }

  @Override
  public String toString() {
    return name;
  }
}
