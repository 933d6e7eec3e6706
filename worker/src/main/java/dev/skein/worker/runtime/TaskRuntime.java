package dev.skein.worker.runtime;

import dev.skein.worker.runtime.log.LogOptions;
import dev.skein.worker.runtime.log.LogReader;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// Runs the tasks of one node in one way. The agent moves a task through [#prepare], [#start],
/// [#stop] and [#remove]; a runtime never restarts anything by itself.
///
/// Every method may be called from any thread and may block for some milliseconds on the file
/// system or on processes, so call them from virtual threads and never from an event loop. Calls
/// for different tasks run in parallel; calls for one task are the caller's to order.
///
/// Closing a runtime releases its threads and leaves the tasks running: the next runtime on the
/// same directory gets them back by [#adopt].
public interface TaskRuntime extends AutoCloseable {

  /// The name that a task template uses, such as `process`.
  String name();

  /// What this runtime can and cannot enforce on this node, and why.
  RuntimeDescription describe();

  /// Checks that the task can run here and makes what it needs on disk.
  ///
  /// Throws [RuntimeRejection] when the specification cannot run on this node: the message names
  /// the offending value and what to do. Nothing is left behind then.
  void prepare(TaskSpec spec) throws RuntimeRejection, IOException;

  /// Starts a prepared task and returns when its first process exists and is about to execute the
  /// command. A command that cannot be executed after all ends at once with code 126 or 127, and
  /// its log says why.
  RunningTask start(TaskSpec spec) throws RuntimeRejection, IOException;

  /// Finds every task that an earlier runtime on this directory started, running or ended, by task
  /// id. Call it once, before anything else. A task that was prepared and never started is
  /// removed, and so are leftovers that belong to no task.
  Map<String, RunningTask> adopt() throws IOException;

  /// Sends a signal to the task's main process; does nothing when it has ended.
  void signal(String taskId, Signal signal) throws IOException;

  /// Sends `signal` to the main process, and after `grace` kills whatever is left of the task.
  /// Completes when the task's whole process tree is gone, with its exit; exceptionally when
  /// something survives SIGKILL for [#KILL_TIMEOUT].
  CompletableFuture<Exit> stop(String taskId, Signal signal, Duration grace);

  /// Runs a command beside a task's main process and in its context: as its user, in its directory,
  /// with its environment, within its limits. Blocks until the command has ended or `timeout` is
  /// over; then every process that the command started is killed.
  ///
  /// Throws [java.nio.file.NoSuchFileException] for a task that does not run.
  Execution exec(String taskId, List<String> command, Duration timeout)
      throws RuntimeRejection, IOException, InterruptedException;

  /// Kills what is left of the task and removes all of it: processes, cgroups, files and logs.
  /// Does nothing for an unknown task.
  void remove(String taskId) throws IOException;

  /// What the task uses now. Throws [java.nio.file.NoSuchFileException] for an unknown task.
  TaskUsage usage(String taskId) throws IOException;

  /// Reads what the task wrote. Throws [java.nio.file.NoSuchFileException] for an unknown task.
  LogReader logs(String taskId, LogOptions options) throws IOException;

  @Override
  void close();

  /// How long a process may take to die of SIGKILL before [#stop] gives up. Only a process stuck in
  /// the kernel (state D) takes longer than some milliseconds.
  Duration KILL_TIMEOUT = Duration.ofSeconds(10);
}
