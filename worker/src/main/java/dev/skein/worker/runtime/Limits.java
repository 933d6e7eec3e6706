package dev.skein.worker.runtime;

/// What a task may use at most; 0 is no limit.
///
/// @param nanoCpus processors in billionths: 1,500,000,000 is one and a half
/// @param memoryBytes memory without swap
/// @param pids processes and threads
public record Limits(long nanoCpus, long memoryBytes, long pids) {

  /// No limit at all.
  public static final Limits NONE = new Limits(0, 0, 0);

  /// The least CPU quota that the kernel takes: 1 ms in a period of 100 ms.
  public static final long MIN_NANO_CPUS = 10_000_000;

  /// Below this not even a shell starts.
  public static final long MIN_MEMORY_BYTES = 1 << 20;
}
