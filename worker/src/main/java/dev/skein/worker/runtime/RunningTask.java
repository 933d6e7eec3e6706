package dev.skein.worker.runtime;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/// A task that was started, by this runtime or by an earlier one, and may have ended since.
///
/// @param spec what was asked
/// @param pid the main process
/// @param startedAt when it was started
/// @param exit completes when the main process has ended and nothing else of the task runs any
///     more. It completes on a thread of the runtime, so do not block in its callbacks
public record RunningTask(
    TaskSpec spec, long pid, Instant startedAt, CompletableFuture<Exit> exit) {

  /// The task's id.
  public String id() {
    return spec.id();
  }
}
