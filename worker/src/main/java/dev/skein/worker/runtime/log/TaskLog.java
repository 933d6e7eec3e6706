package dev.skein.worker.runtime.log;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The log of one task. Thread-safe.
public final class TaskLog {

  /// A follower looks by itself after this time, should the system's notice have been lost.
  private static final long LOOK_AGAIN_MILLIS = 1000;

  private final Path directory;
  private final InstantSource clock;
  private final Map<LogStream, StreamLog> streams = new EnumMap<>(LogStream.class);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changes = lock.newCondition();
  private long changeCount;
  private volatile boolean ended;

  TaskLog(Path directory, Path indexDirectory, LogPolicy policy, InstantSource clock)
      throws IOException {
    this.directory = directory;
    this.clock = clock;
    for (var stream : LogStream.values()) {
      streams.put(
          stream,
          new StreamLog(
              directory.resolve(stream.fileName()),
              indexDirectory.resolve(stream.fileName()),
              policy));
    }
  }

  /// Where the task writes.
  Path directory() {
    return directory;
  }

  /// Reads the log from now on. Close the reader.
  public LogReader read(LogOptions options) throws IOException {
    return new LogReader(this, options);
  }

  StreamLog stream(LogStream stream) {
    return Objects.requireNonNull(streams.get(stream));
  }

  boolean ended() {
    return ended;
  }

  /// Notes and tells what was written; true if anything was.
  boolean observe() throws IOException {
    var grown = false;
    for (var stream : streams.values()) {
      grown |= stream.observe(clock);
    }
    if (grown) {
      changed();
    }
    return grown;
  }

  void observeUnseen() throws IOException {
    for (var stream : streams.values()) {
      stream.observeUnseen();
    }
  }

  /// Followers end when they have read what is there now.
  void end() throws IOException {
    observe();
    ended = true;
    changed();
  }

  long change() {
    lock.lock();
    try {
      return changeCount;
    } finally {
      lock.unlock();
    }
  }

  void changed() {
    lock.lock();
    try {
      changeCount++;
      changes.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until [#change] is another one than `known`, or for [#LOOK_AGAIN_MILLIS].
  void awaitChange(long known) throws InterruptedException {
    lock.lock();
    try {
      var left = TimeUnit.MILLISECONDS.toNanos(LOOK_AGAIN_MILLIS);
      while (changeCount == known && left > 0) {
        left = changes.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }
}
