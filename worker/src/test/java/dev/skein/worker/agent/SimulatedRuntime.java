package dev.skein.worker.agent;

import dev.skein.worker.runtime.Execution;
import dev.skein.worker.runtime.Exit;
import dev.skein.worker.runtime.RunningTask;
import dev.skein.worker.runtime.RuntimeDescription;
import dev.skein.worker.runtime.RuntimeRejection;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.TaskSpec;
import dev.skein.worker.runtime.TaskUsage;
import dev.skein.worker.runtime.log.LogOptions;
import dev.skein.worker.runtime.log.LogReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// A runtime whose tasks do nothing: they run from their start until they are stopped or ended.
/// For tests, and for benchmarks with more workers than a machine has. Thread-safe.
public final class SimulatedRuntime implements TaskRuntime {

  /// The command that this runtime refuses; it takes any other.
  public static final String MISSING_COMMAND = "/no/such/command";

  private final Map<String, RunningTask> tasks = new ConcurrentHashMap<>();
  private final Map<String, Execution> executions = new ConcurrentHashMap<>();
  private final List<String> signalled = new CopyOnWriteArrayList<>();

  /// Ids of the tasks that were asked to stop, in order.
  public List<String> signalled() {
    return signalled;
  }

  /// A task's specification as it was started.
  public TaskSpec specOf(String taskId) {
    return task(taskId).spec();
  }

  /// Ids of the tasks that were started and not removed.
  public List<String> started() {
    return List.copyOf(tasks.keySet());
  }

  /// Ends a task by itself.
  public void end(String taskId, int code) {
    task(taskId).exit().complete(Exit.of(code, false, Instant.EPOCH));
  }

  private RunningTask task(String taskId) {
    var task = tasks.get(taskId);
    if (task == null) {
      throw new AssertionError(
          "task " + taskId + " was not started; started are " + tasks.keySet());
    }
    return task;
  }

  @Override
  public String name() {
    return "process";
  }

  @Override
  public RuntimeDescription describe() {
    return new RuntimeDescription(name(), List.of());
  }

  @Override
  public void prepare(TaskSpec spec) throws RuntimeRejection {
    var command = spec.command().getFirst();
    if (command.equals(MISSING_COMMAND)) {
      throw new RuntimeRejection("command \"%s\" not found".formatted(command));
    }
  }

  @Override
  public RunningTask start(TaskSpec spec) {
    var running = new RunningTask(spec, 1, Instant.EPOCH, new CompletableFuture<>());
    tasks.put(spec.id(), running);
    return running;
  }

  @Override
  public Map<String, RunningTask> adopt() {
    return new LinkedHashMap<>(tasks);
  }

  @Override
  public void signal(String taskId, Signal signal) {}

  @Override
  public CompletableFuture<Exit> stop(String taskId, Signal signal, Duration grace) {
    signalled.add(taskId);
    var exit = task(taskId).exit();
    exit.complete(Exit.of(128 + signal.number(), false, Instant.EPOCH));
    return exit;
  }

  /// What every later command beside the task ends with.
  public void execEnds(String taskId, Execution execution) {
    executions.put(taskId, execution);
  }

  @Override
  public Execution exec(String taskId, List<String> command, Duration timeout) {
    return executions.getOrDefault(taskId, new Execution(0, false, ""));
  }

  @Override
  public void remove(String taskId) {
    tasks.remove(taskId);
  }

  @Override
  public TaskUsage usage(String taskId) throws IOException {
    throw new NoSuchFileException(taskId);
  }

  @Override
  public LogReader logs(String taskId, LogOptions options) throws IOException {
    throw new NoSuchFileException(taskId);
  }

  @Override
  public void close() {}
}
