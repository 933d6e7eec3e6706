package dev.skein.worker.runtime;

import java.time.Duration;

/// What a task uses.
///
/// @param cpuTime processor time since the start, of all its processes
/// @param memoryBytes memory that cannot be reclaimed without swapping
/// @param processes its processes now
public record TaskUsage(Duration cpuTime, long memoryBytes, int processes) {

  /// An ended task's.
  public static final TaskUsage NONE = new TaskUsage(Duration.ZERO, 0, 0);
}
