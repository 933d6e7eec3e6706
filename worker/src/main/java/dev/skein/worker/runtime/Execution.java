package dev.skein.worker.runtime;

/// How a command that was run beside a task ended.
///
/// @param code its exit code; that of a killed process when it was killed
/// @param timedOut whether it was killed because its time was over
/// @param output the beginning of what it wrote to either stream, at most [#OUTPUT_BYTES_MAX]
public record Execution(int code, boolean timedOut, String output) {

  /// More output is read and dropped. Docker's limit for a probe's output.
  public static final int OUTPUT_BYTES_MAX = 4096;
}
