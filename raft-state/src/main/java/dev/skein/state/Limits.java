package dev.skein.state;

/// The bounds of the replicated state. Those on counts of objects are part of applying the log, so
/// every manager of a cluster must have the same.
public final class Limits {
  /// Changes of one change set.
  public static final int CHANGES_PER_SET = 10_000;

  /// Serialized size of one change set, in bytes.
  public static final int BYTES_PER_SET = 1 << 20;

  /// Serialized size of one object, in bytes.
  public static final int BYTES_PER_OBJECT = 512 << 10;

  /// Characters of a service's name: it is a DNS label.
  public static final int NAME_LENGTH = 63;

  /// Nodes of a cluster.
  public static final int NODES = 10_000;

  /// Services of a cluster, those being removed included.
  public static final int SERVICES = 10_000;

  /// Tasks of a cluster, the history included.
  public static final int TASKS = 1_000_000;

  /// Commits that wait for one watcher before it is told to resync.
  public static final int WATCH_QUEUE = 4_096;

  private Limits() {}
}
