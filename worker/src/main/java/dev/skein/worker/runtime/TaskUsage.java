package dev.skein.worker.runtime;

import java.time.Duration;

/// What a task uses.
///
/// @param cpuTime processor time since the start, of all its processes
/// @param memoryBytes memory that cannot be reclaimed without swapping
/// @param processes its processes now
/// @param readBytes read from disks by the processes that it has now
/// @param writtenBytes written to disks by the processes that it has now
public record TaskUsage(
    Duration cpuTime, long memoryBytes, int processes, long readBytes, long writtenBytes) {

  /// An ended task's.
  public static final TaskUsage NONE = new TaskUsage(Duration.ZERO, 0, 0, 0, 0);
}
