package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.Exit;
import dev.skein.worker.runtime.RunningTask;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.TaskSpec;
import dev.skein.worker.runtime.cgroup.Containment;
import dev.skein.worker.runtime.log.LogKeeper;
import dev.skein.worker.runtime.log.TaskLog;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessId;
import dev.skein.worker.runtime.os.ProcessWatcher;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A started task, and how its end becomes known: the supervisor ends just after it has written
/// the exit code. A supervisor that was killed leaves the main process without one who learns its
/// code; the task then goes on, and its end is known but its code is lost.
///
/// Its methods that notice the end run on the watcher's threads, one after another.
final class SupervisedTask {

  private static final Logger LOG = LoggerFactory.getLogger(SupervisedTask.class);

  private final TaskSpec spec;
  private final TaskDirectory directory;
  private final TaskDirectory.@Nullable Started started;
  private final Instant startedAt;
  private final TaskLog log;
  private final Services services;
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();

  /// @param started the processes, or null when the machine restarted since
  SupervisedTask(
      TaskSpec spec,
      TaskDirectory directory,
      TaskDirectory.@Nullable Started started,
      TaskLog log,
      Services services)
      throws IOException {
    this.spec = spec;
    this.directory = directory;
    this.started = started;
    this.log = log;
    this.services = services;
    startedAt = directory.startedAt();
  }

  /// What all tasks of a runtime share.
  ///
  /// @param closed set when the runtime was closed and must not act on tasks any more
  record Services(
      Containment containment,
      ProcessWatcher watcher,
      LogKeeper logs,
      InstantSource clock,
      AtomicBoolean closed) {}

  String id() {
    return spec.id();
  }

  TaskSpec spec() {
    return spec;
  }

  TaskLog log() {
    return log;
  }

  CompletableFuture<Exit> exit() {
    return exit;
  }

  @Nullable ProcessId main() {
    return started == null ? null : started.main();
  }

  /// What the runtime's callers see. Their future is a copy, so that none can end a task by
  /// completing it.
  RunningTask view() {
    return new RunningTask(
        spec, started == null ? 0 : started.main().pid(), startedAt, exit.copy());
  }

  /// Watches the task from now on.
  void watch() throws IOException {
    if (started == null) {
      finish("the node restarted while it ran");
    } else {
      services.watcher().watch(started.supervisor(), this::supervisorGone);
    }
  }

  private void supervisorGone() {
    if (services.closed().get()) {
      // The next runtime learns it.
      return;
    }
    try {
      var main = main();
      if (main == null || directory.exitCode().isPresent() || !ProcFs.alive(main)) {
        finish("its supervisor was killed");
      } else {
        LOG.warn("the supervisor of task {} was killed: its exit code will be lost", id());
        services.watcher().watch(main, () -> finish("its supervisor was killed"));
      }
    } catch (IOException e) {
      LOG.error("cannot learn how task {} ended", id(), e);
      finish("its state cannot be read: " + e.getMessage());
    }
  }

  /// Ends what is left of the task, then tells its end. A task is its main process: what that left
  /// behind goes with it, as in a container.
  private void finish(String lostReason) {
    if (services.closed().get()) {
      return;
    }
    var left = "";
    try {
      if (!services.containment().killAll(id(), main(), TaskRuntime.KILL_TIMEOUT)) {
        left = "; processes of it cannot be killed: " + remaining();
      }
      services.logs().end(log);
    } catch (IOException e) {
      LOG.error("cannot clean up after task {}", id(), e);
      left = "; cleaning up after it failed: " + e.getMessage();
    }
    exit.complete(result(lostReason, left));
  }

  private Exit result(String lostReason, String left) {
    try {
      var code = directory.exitCode();
      var oomKilled = services.containment().oomKilled(id());
      var result =
          code.isPresent()
              ? Exit.of(code.getAsInt(), oomKilled, directory.exitedAt())
              : Exit.lost(lostReason, oomKilled, services.clock().instant());
      return left.isEmpty() ? result : result.withMessage(result.message() + left);
    } catch (IOException e) {
      LOG.error("cannot learn how task {} ended", id(), e);
      return Exit.lost(e.getMessage() + left, false, services.clock().instant());
    }
  }

  /// The processes that are left, for messages.
  String remaining() throws IOException {
    return services.containment().processes(id(), main()).toString();
  }
}
