package dev.skein.worker.agent;

import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.Protocol;
import dev.skein.worker.runtime.RuntimeRejection;
import dev.skein.worker.runtime.TaskRuntime;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/// Makes the probes of health checks. Thread-safe; a probe blocks its thread, so call it from a
/// virtual one.
final class Prober {

  /// Commands that run for probes at the same time on this node; further ones wait, and their time
  /// begins when they run.
  static final int COMMANDS_MAX = 64;

  private static final String SHELL = "/bin/sh";

  private final String address;
  private final SocketProbe sockets;
  private final Semaphore commands = new Semaphore(COMMANDS_MAX, true);

  /// @param address the node's, where its tasks listen
  /// @param nanoTime measures how long probes take
  Prober(String address, LongSupplier nanoTime) {
    this.address = address;
    sockets = new SocketProbe(nanoTime);
  }

  /// Probes a task's health once, within its check's timeout.
  TaskEvent.Probed probe(WorkerTask task, TaskRuntime runtime) throws InterruptedException {
    var check = task.healthCheck();
    if (check == null) {
      return new TaskEvent.Probed(true, "");
    }
    var test = task.spec().getContainerSpec().getHealthcheck().getTestList();
    var words = test.subList(1, test.size());
    var timeout = check.timeout();
    try {
      return switch (test.getFirst()) {
        case "CMD" -> command(task.id(), runtime, words, timeout);
        case "CMD-SHELL" ->
            command(task.id(), runtime, List.of(SHELL, "-c", String.join(" ", words)), timeout);
        case "HTTP" ->
            sockets.http(target(task, words.subList(1, words.size())), words.getFirst(), timeout);
        case "TCP" -> sockets.tcp(target(task, words), timeout);
        default ->
            failed("this node's daemon knows no health check \"%s\"".formatted(test.getFirst()));
      };
    } catch (IOException | RuntimeRejection | IllegalArgumentException | NoSuchElementException e) {
      // The last two are of a check that a manager of another version let in.
      var message = e.getMessage();
      return failed(message == null ? e.toString() : message);
    }
  }

  private TaskEvent.Probed command(
      String taskId, TaskRuntime runtime, List<String> command, Duration timeout)
      throws RuntimeRejection, IOException, InterruptedException {
    commands.acquire();
    try {
      var ended = runtime.exec(taskId, command, timeout);
      if (ended.timedOut()) {
        return failed(
            "%s took longer than %s%s"
                .formatted(command.getFirst(), text(timeout), said(ended.output())));
      }
      return ended.code() == 0
          ? new TaskEvent.Probed(true, "")
          : failed("exit code %d%s".formatted(ended.code(), said(ended.output())));
    } finally {
      commands.release();
    }
  }

  private static String said(String output) {
    return output.isEmpty() ? "" : ": " + output;
  }

  static String text(Duration duration) {
    return duration.toNanosPart() == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
  }

  /// Where the task listens for what it knows as a target port; without one, for its first. A port
  /// that the node did not assign is taken as it is.
  private InetSocketAddress target(WorkerTask task, List<String> words) throws IOException {
    var ports =
        task.status().getPortsList().stream()
            .filter(port -> port.getProtocol() != Protocol.PROTOCOL_UDP)
            .toList();
    if (words.isEmpty()) {
      if (ports.isEmpty()) {
        throw new IOException("the health check names no port and the task has none");
      }
      return new InetSocketAddress(address, ports.getFirst().getPublishedPort());
    }
    var wanted = Integer.parseInt(words.getFirst());
    var assigned =
        ports.stream()
            .filter(port -> port.getTargetPort() == wanted)
            .mapToInt(PortConfig::getPublishedPort)
            .findFirst()
            .orElse(wanted);
    return new InetSocketAddress(address, assigned);
  }

  private static TaskEvent.Probed failed(String reason) {
    return new TaskEvent.Probed(false, reason);
  }
}
