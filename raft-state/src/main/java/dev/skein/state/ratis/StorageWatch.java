package dev.skein.state.ratis;

/// Notices that this member's disk hangs: entries wait to be stored, and none is for too long.
///
/// Ratis commits nothing that the leader itself has not stored, and a leader whose disk hangs still
/// sends heartbeats: nobody would replace it for as long as that lasts, and no write or read would
/// be answered. A disk that fails is another matter, and ends the member. Belongs to one thread.
final class StorageWatch {
  private final long patienceNanos;
  private long stored = Long.MIN_VALUE;
  private long sinceNanos;

  StorageWatch(long patienceNanos) {
    this.patienceNanos = patienceNanos;
  }

  /// Whether the disk hangs. After a yes it takes as long again until the next.
  ///
  /// @param storedIndex the last entry on the disk
  /// @param lastIndex the last entry of the log
  boolean hangs(long storedIndex, long lastIndex, long nowNanos) {
    if (storedIndex >= lastIndex || storedIndex != stored) {
      stored = storedIndex;
      sinceNanos = nowNanos;
      return false;
    }
    if (nowNanos - sinceNanos < patienceNanos) {
      return false;
    }
    sinceNanos = nowNanos;
    return true;
  }
}
