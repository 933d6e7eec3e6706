package dev.skein.chaos.lab;

import dev.skein.cli.client.Endpoint;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.dev.DevNode;
import dev.skein.cli.dev.Isolation;
import dev.skein.cli.dev.TaskProcesses;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// One node of a lab: a machine with a daemon. Stateless but for what is on its disk; any thread.
public final class LabNode implements Machine {

  private static final int STOP_SECONDS = 20;
  private static final long LOG_BYTES_MAX = 16 << 20;

  private final Lab lab;
  private final DevNode node;

  LabNode(Lab lab, DevNode node) {
    this.lab = lab;
    this.node = node;
  }

  /// `m1`, `w1`, …: its hostname.
  @Override
  public String name() {
    return node.name();
  }

  /// Its address in the lab's network.
  @Override
  public String address() {
    return node.address();
  }

  /// Whether it began as a manager.
  @Override
  public boolean isManager() {
    return node.isManager();
  }

  /// Where its daemon keeps its state.
  public Path data() {
    return node.data();
  }

  /// Its daemon's log.
  public Path log() {
    return node.log();
  }

  /// Its control socket.
  public Path socket() {
    return node.socket();
  }

  /// A file of the lab's own beside the daemon's state, on the machine's disk and not the node's.
  @Override
  public Path beside(String file) {
    return node.directory().resolve(file);
  }

  /// A client of its API; the caller closes it.
  ///
  /// @param seconds how long an answer may take
  public EngineClient client(int seconds) {
    return new EngineClient(new Endpoint.Unix(node.socket().toString()), null, seconds);
  }

  /// Whether the daemon's process lives, paused or not.
  @Override
  public boolean isRunning() throws IOException {
    return node.process().isPresent();
  }

  /// The id of the daemon's process.
  ///
  /// @throws IOException if it does not run
  long daemon() throws IOException {
    return node.process()
        .map(ProcessHandle::pid)
        .orElseThrow(() -> new IOException("the daemon of " + name() + " does not run"));
  }

  /// Whether the daemon answers.
  public boolean answers() throws IOException {
    return Lab.answers(node);
  }

  /// The daemon's process and those of its tasks.
  @Override
  public List<Long> processes() throws IOException {
    var pids = new ArrayList<Long>();
    node.process().map(ProcessHandle::pid).ifPresent(pids::add);
    pids.addAll(TaskProcesses.of(node.data()));
    return pids;
  }

  /// The processes of its tasks.
  @Override
  public List<Long> taskProcesses() throws IOException {
    return TaskProcesses.of(node.data());
  }

  /// Kills the daemon; its tasks go on.
  @Override
  public void kill() throws IOException {
    lab.note("kill " + name());
    node.signalDaemon("KILL");
    awaitEnd();
  }

  /// Kills the daemon and all tasks at once, as if the machine had lost its power; what was written
  /// to its disk without fsync stays.
  @Override
  public void crash() throws IOException {
    lab.note("crash " + name());
    node.signalAll("KILL");
    awaitEnd();
  }

  private void awaitEnd() throws IOException {
    lab.cluster().await(STOP_SECONDS, name() + " does not end", () -> !isRunning());
  }

  /// Starts the daemon and waits until it answers; does nothing if it runs.
  @Override
  public void start() throws IOException {
    if (!isRunning()) {
      launch();
      lab.cluster().awaitAnswer(node);
    }
  }

  /// Tried twice: whoever injected the fault may have died while the daemon was ending, and the
  /// first try finds it running still.
  @Override
  public List<String> startCommand() {
    return List.of(
        "env",
        "SKEIN_DEV_ROOT=" + lab.root(),
        "sh",
        "-c",
        "\"$@\" || { sleep 1; \"$@\"; }",
        "start",
        lab.launcher(),
        "dev",
        "start",
        name());
  }

  /// Starts the daemon without waiting for it.
  public void launch() throws IOException {
    lab.note("start " + name());
    node.start(lab.launcher(this));
  }

  /// Freezes the daemon and all tasks.
  @Override
  public void pause() throws IOException {
    lab.note("pause " + name());
    node.signalAll("STOP");
  }

  /// Lets a frozen node go on.
  public void resume() throws IOException {
    lab.note("resume " + name());
    node.signalAll("CONT");
  }

  /// Something that is done to a node.
  @FunctionalInterface
  public interface Intervention {
    /// Does it.
    void run() throws IOException;
  }

  /// Does something while the daemon is held, none of its threads within a system call; at once if
  /// it does not run.
  public void whileHeld(Intervention intervention) throws IOException {
    if (!isRunning()) {
      intervention.run();
      return;
    }
    node.signalDaemon("STOP");
    try {
      lab.cluster().await(STOP_SECONDS, "the daemon of " + name() + " goes on", this::isHeld);
      intervention.run();
    } finally {
      node.signalDaemon("CONT");
    }
  }

  /// Whether all threads of the daemon have stopped, which a call that is under way puts off.
  private boolean isHeld() throws IOException {
    if (!isRunning()) {
      return true;
    }
    try (var threads = Files.newDirectoryStream(Path.of("/proc/%d/task".formatted(daemon())))) {
      for (var thread : threads) {
        var stat = Files.readString(thread.resolve("stat"));
        if (!stat.startsWith("T", stat.lastIndexOf(')') + 2)) {
          return false;
        }
      }
      return true;
    } catch (IOException | DirectoryIteratorException e) {
      // A thread has ended meanwhile, or the process.
      return false;
    }
  }

  /// Whether it has a network and a disk of its own.
  public boolean isIsolated() {
    return node.isIsolated();
  }

  /// A command that runs in the node's network.
  @Override
  public List<String> inside(String... words) {
    var command = new ArrayList<>(node.inside());
    command.addAll(List.of(words));
    return command;
  }

  /// Takes the machine's power away: everything dies, and what its disk was not asked to keep (by
  /// fsync) is lost. The node is off then, its disk not mounted; [#start] mounts it again.
  public void cutPower() throws IOException {
    lab.note("cut the power of " + name());
    // Frozen first, so that it starts no task that nobody would know of any more.
    node.signalDaemon("STOP");
    var processes = processes();
    Disk.fail(node.data());
    powerOff(processes);
  }

  /// From now on its disk fails each read and write.
  ///
  /// @return the processes that ran on the node, which its disk does not tell any more
  public List<Long> breakDisk() throws IOException {
    lab.note("break the disk of " + name());
    var processes = processes();
    Disk.fail(node.data());
    return processes;
  }

  /// Kills what runs on the node and unmounts its disk.
  public void powerOff(List<Long> processes) throws IOException {
    lab.cluster()
        .await(
            STOP_SECONDS,
            name() + " does not end, or its disk stays in use",
            () -> {
              DevNode.signal("KILL", processes);
              node.signalDaemon("KILL");
              return !isRunning() && unmounts();
            });
  }

  private boolean unmounts() {
    try {
      Isolation.unmount(node);
      return true;
    } catch (IOException e) {
      // What was killed holds it a moment longer.
      return false;
    }
  }

  /// The daemon's log from a position on, at most 16 MB of it.
  public String logFrom(long position) throws IOException {
    try (var channel = Files.newByteChannel(log())) {
      channel.position(Math.min(position, channel.size()));
      var length = Math.min(channel.size() - channel.position(), LOG_BYTES_MAX);
      var buffer = ByteBuffer.allocate((int) length);
      while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
        // Until all of it is read.
      }
      return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public String toString() {
    return name();
  }
}
