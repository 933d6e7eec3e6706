package dev.skein.worker.runtime.log;

/// How much of a task's output is kept: of each stream between `segments - 1` and `segments` times
/// `segmentBytes`.
///
/// @param segmentBytes how much is dropped at once, 64 KiB at least
/// @param segments 2 to 100
public record LogPolicy(long segmentBytes, int segments) {

  /// 10 MB, three times.
  public static final LogPolicy DEFAULT = new LogPolicy(10_000_000, 3);

  private static final long MIN_SEGMENT_BYTES = 64 * 1024;
  private static final int MIN_SEGMENTS = 2;
  private static final int MAX_SEGMENTS = 100;

  /// Checks the ranges.
  public LogPolicy {
    if (segmentBytes < MIN_SEGMENT_BYTES) {
      throw new IllegalArgumentException(
          "log size " + segmentBytes + " is below " + MIN_SEGMENT_BYTES + " bytes");
    }
    if (segments < MIN_SEGMENTS || segments > MAX_SEGMENTS) {
      throw new IllegalArgumentException(
          "log file count "
              + segments
              + " is not between "
              + MIN_SEGMENTS
              + " and "
              + MAX_SEGMENTS);
    }
  }

  /// The most that is kept.
  long maxBytes() {
    return segmentBytes * segments;
  }

  /// What is kept after dropping.
  long keptBytes() {
    return segmentBytes * (segments - 1);
  }
}
