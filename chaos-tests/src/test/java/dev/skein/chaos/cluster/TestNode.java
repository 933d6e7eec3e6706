package dev.skein.chaos.cluster;

import com.google.gson.JsonObject;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.Endpoint;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.UnreachableException;
import dev.skein.cli.daemon.DaemonProcess;
import dev.skein.cli.daemon.DirectoryTree;
import dev.skein.cli.daemon.TaskLeftovers;
import dev.skein.cli.dev.TaskProcesses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One node: a directory, a loopback address of its own, and, while it runs, its daemon's process.
public final class TestNode {

  /// Of a daemon's RPCs; Raft has the next one.
  public static final int PORT = 2377;

  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration STOP = Duration.ofSeconds(20);
  private static final int ANSWER_SECONDS = 40;
  private static final int LOG_TAIL_LINES = 60;

  private static final Pattern NODE_ID = Pattern.compile("node_id: \"(\\w+)\"");

  private final String name;
  private final String address;
  private final Path directory;
  private Path data;
  private List<String> options = List.of();
  private @Nullable Process process;

  TestNode(String name, String address, Path directory) throws IOException {
    this.name = name;
    this.address = address;
    this.directory = Files.createDirectories(directory);
    this.data = directory.resolve("data");
  }

  /// Its hostname in the cluster.
  public String name() {
    return name;
  }

  /// Its loopback address.
  public String address() {
    return address;
  }

  /// Where other nodes reach it.
  public String rpc() {
    return address + ":" + PORT;
  }

  public Path directory() {
    return directory;
  }

  /// The daemon's `--data-root`.
  public Path data() {
    return data;
  }

  /// From now on this daemon is started on another's directory, as by mistake.
  public void useDataOf(TestNode other) {
    data = other.data;
  }

  /// Takes [#useDataOf] back.
  public void useOwnData() {
    data = directory.resolve("data");
  }

  public Path log() {
    return directory.resolve("daemon.log");
  }

  Path socket() {
    return directory.resolve("s.sock");
  }

  /// As for `--host`.
  public String host() {
    return "unix://" + socket();
  }

  public Cli cli() {
    return new Cli(host());
  }

  /// A client of the daemon's API; the caller closes it.
  public EngineClient client() {
    return new EngineClient(new Endpoint.Unix(socket().toString()), null, ANSWER_SECONDS);
  }

  /// An object of the API.
  public JsonObject get(String target) throws IOException {
    try (var client = client()) {
      return client.object(target);
    }
  }

  /// The node's id in the cluster.
  public String id() throws IOException {
    return get("/info").getAsJsonObject("Swarm").get("NodeID").getAsString();
  }

  /// From its next start on the daemon gets these flags too.
  public void useOptions(String... flags) {
    options = List.of(flags);
  }

  /// Starts the daemon without waiting for it.
  public void launch() throws IOException {
    var line =
        new ArrayList<>(
            List.of(
                Launcher.script().toString(),
                "daemon",
                "--socket",
                socket().toString(),
                "--data-root",
                data().toString(),
                "--hostname",
                name));
    line.addAll(options);
    var builder =
        new ProcessBuilder(line)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .redirectErrorStream(true);
    builder.environment().put("SKEIN_NO_BUILD", "1");
    builder.environment().remove("SKEIN_HOST");
    process = builder.start();
  }

  /// Starts the daemon and waits until it answers.
  public void start() throws Exception {
    launch();
    awaitAnswer();
  }

  /// Waits until the daemon answers.
  public void awaitAnswer() throws Exception {
    Await.value(
        name + " answers",
        START,
        () -> {
          if (!isRunning()) {
            throw new IllegalStateException(name + " ended at once:\n" + logTail());
          }
          return answers() ? Optional.of(true) : Optional.empty();
        });
  }

  private boolean answers() throws IOException {
    if (!Files.exists(socket())) {
      return false;
    }
    try {
      get("/version");
      return true;
    } catch (UnreachableException | ApiException e) {
      return false;
    }
  }

  public boolean isRunning() {
    return process != null && process.isAlive();
  }

  /// The daemon's exit code, when it ends by itself within the bound.
  public int awaitEnd() throws InterruptedException {
    var ending = running();
    if (!ending.waitFor(START.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError(name + "'s daemon goes on:\n" + logTail());
    }
    return ending.exitValue();
  }

  private Process running() {
    if (process == null) {
      throw new IllegalStateException(name + " was not started");
    }
    return process;
  }

  /// Kills the daemon; its tasks go on.
  public void kill() throws InterruptedException {
    running().destroyForcibly();
    awaitStop();
  }

  /// Kills the daemon and all its tasks, as if the machine lost its power.
  public void killAll() throws IOException, InterruptedException {
    kill();
    killTasks();
  }

  /// Asks the daemon to end, and waits until it has.
  public void terminate() throws InterruptedException {
    running().destroy();
    awaitStop();
  }

  private void awaitStop() throws InterruptedException {
    if (!running().waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError(name + "'s daemon does not end");
    }
  }

  /// Freezes the daemon and its tasks.
  public void pause() throws IOException, InterruptedException {
    signal("STOP", running().pid());
    for (var pid : taskProcesses()) {
      signal("STOP", pid);
    }
  }

  /// Lets a frozen node go on.
  public void resume() throws IOException, InterruptedException {
    for (var pid : taskProcesses()) {
      signal("CONT", pid);
    }
    signal("CONT", running().pid());
  }

  private static void signal(String signal, long pid) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-s", signal, Long.toString(pid))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  /// The processes of this node's tasks, their supervisors included.
  public List<Long> taskProcesses() throws IOException {
    return TaskProcesses.of(data());
  }

  private void killTasks() throws IOException {
    taskProcesses().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
  }

  /// The last lines of the daemon's log.
  public String logTail() {
    try {
      if (!Files.exists(log())) {
        return "(no log)";
      }
      var lines = Files.readAllLines(log(), StandardCharsets.UTF_8);
      return String.join(
          "\n", lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Kills what runs, at once and without waiting.
  void killNow() throws IOException {
    if (process != null) {
      process.destroyForcibly();
    }
    // Another may have been started in its place.
    DaemonProcess.of(data()).ifPresent(ProcessHandle::destroyForcibly);
    killTasks();
  }

  /// Ends all that is left of it and removes its directory.
  void remove() throws Exception {
    killNow();
    Await.value(
        name + "'s processes end",
        STOP,
        () -> {
          // One may have been started while its daemon was being killed.
          killNow();
          return isRunning() || DaemonProcess.of(data()).isPresent() || !taskProcesses().isEmpty()
              ? Optional.empty()
              : Optional.of(true);
        });
    TaskLeftovers.remove(data());
    var cgroups = Leftovers.cgroups(recordedId());
    DirectoryTree.delete(directory);
    if (!cgroups.isEmpty()) {
      throw new AssertionError(name + " leaves " + cgroups);
    }
  }

  /// The node's id as it stands on its disk; "" in no swarm.
  private String recordedId() throws IOException {
    var file = data().resolve("node.txt");
    if (!Files.exists(file)) {
      return "";
    }
    var matcher = NODE_ID.matcher(Files.readString(file));
    return matcher.find() ? matcher.group(1) : "";
  }
}
