package dev.skein.bench.assign;

import dev.skein.worker.runtime.Execution;
import dev.skein.worker.runtime.Exit;
import dev.skein.worker.runtime.RunningTask;
import dev.skein.worker.runtime.RuntimeDescription;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.TaskSpec;
import dev.skein.worker.runtime.TaskUsage;
import dev.skein.worker.runtime.log.LogOptions;
import dev.skein.worker.runtime.log.LogReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/// A runtime whose tasks are not there: they run at once and until they are stopped.
final class SimulatedRuntime implements TaskRuntime {
  private final InstantSource clock;
  private final Map<String, RunningTask> tasks = new ConcurrentHashMap<>();

  SimulatedRuntime(InstantSource clock) {
    this.clock = clock;
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
  public void prepare(TaskSpec spec) {}

  @Override
  public RunningTask start(TaskSpec spec) {
    var running = new RunningTask(spec, 1, clock.instant(), new CompletableFuture<>());
    tasks.put(spec.id(), running);
    return running;
  }

  @Override
  public Map<String, RunningTask> adopt() {
    return Map.of();
  }

  @Override
  public void signal(String taskId, Signal signal) {}

  @Override
  public CompletableFuture<Exit> stop(String taskId, Signal signal, Duration grace) {
    var exit = Exit.of(0, false, clock.instant());
    var running = tasks.get(taskId);
    if (running == null) {
      return CompletableFuture.completedFuture(exit);
    }
    running.exit().complete(exit);
    return running.exit();
  }

  @Override
  public Execution exec(String taskId, List<String> command, Duration timeout) {
    return new Execution(0, false, "");
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
