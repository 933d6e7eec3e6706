package dev.skein.worker.runtime;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What to run as one task.
///
/// @param id the task's id: 1 to 64 characters of `A-Za-z0-9_.-`, not starting with a dot or dash
/// @param command the program and its arguments, never interpreted by a shell
/// @param env the environment in order; the process gets it and a small base (`PATH`, `HOME`,
///     `LANG`) that it may override, and nothing of the daemon's own
/// @param workdir an absolute directory, or null for a private one that is removed with the task
/// @param user `name`, `uid`, `name:group` or `uid:gid`, or null for the daemon's own user
/// @param stopSignal what asks the task to end
/// @param stopGrace how long it may take to do so before it is killed
/// @param limits what the task may use
/// @param metadata bytes that the runtime keeps for the agent and gives back on adoption
public record TaskSpec(
    String id,
    List<String> command,
    Map<String, String> env,
    @Nullable String workdir,
    @Nullable String user,
    Signal stopSignal,
    Duration stopGrace,
    Limits limits,
    Metadata metadata) {

  /// Docker's default time between the stop signal and the kill.
  public static final Duration DEFAULT_STOP_GRACE = Duration.ofSeconds(10);

  /// Copies the collections, keeping the environment's order.
  public TaskSpec {
    command = List.copyOf(command);
    env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
  }

  /// A task with defaults for everything but its command.
  public static TaskSpec of(String id, List<String> command) {
    return new TaskSpec(
        id,
        command,
        Map.of(),
        null,
        null,
        Signal.TERM,
        DEFAULT_STOP_GRACE,
        Limits.NONE,
        Metadata.EMPTY);
  }

  /// This task with another environment.
  public TaskSpec withEnv(Map<String, String> newEnv) {
    return new TaskSpec(
        id, command, newEnv, workdir, user, stopSignal, stopGrace, limits, metadata);
  }

  /// This task in another directory.
  public TaskSpec withWorkdir(@Nullable String newWorkdir) {
    return new TaskSpec(
        id, command, env, newWorkdir, user, stopSignal, stopGrace, limits, metadata);
  }

  /// This task as another user.
  public TaskSpec withUser(@Nullable String newUser) {
    return new TaskSpec(
        id, command, env, workdir, newUser, stopSignal, stopGrace, limits, metadata);
  }

  /// This task with other limits.
  public TaskSpec withLimits(Limits newLimits) {
    return new TaskSpec(
        id, command, env, workdir, user, stopSignal, stopGrace, newLimits, metadata);
  }

  /// This task with other metadata.
  public TaskSpec withMetadata(Metadata newMetadata) {
    return new TaskSpec(
        id, command, env, workdir, user, stopSignal, stopGrace, limits, newMetadata);
  }
}
