package dev.skein.worker.runtime.os;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Watches by looking at `/proc` every [#PERIOD_MILLIS] while there is anything to watch: for
/// systems that refuse native access.
public final class PollingWatcher implements ProcessWatcher {

  /// The most by which an exit is noticed late.
  public static final long PERIOD_MILLIS = 50;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<ProcessId, Runnable> watched = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile boolean closed;

  /// Starts the watcher's thread.
  public PollingWatcher() {
    thread = Thread.ofPlatform().daemon().name("task-exits").start(this::run);
  }

  @Override
  public void watch(ProcessId id, Runnable onGone) {
    watched.put(id, onGone);
    wake();
  }

  @Override
  public String description() {
    return "looking at /proc every " + PERIOD_MILLIS + " ms: this JVM was not given native access";
  }

  @Override
  public void close() {
    closed = true;
    wake();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (!closed) {
      for (var id : List.copyOf(watched.keySet())) {
        if (!ProcFs.alive(id)) {
          var onGone = watched.remove(id);
          if (onGone != null) {
            Thread.ofVirtual().name("task-exit").start(onGone);
          }
        }
      }
      lock.lock();
      try {
        if (closed) {
          return;
        }
        if (watched.isEmpty()) {
          changed.await();
        } else {
          changed.awaitNanos(TimeUnit.MILLISECONDS.toNanos(PERIOD_MILLIS));
        }
      } catch (InterruptedException e) {
        return;
      } finally {
        lock.unlock();
      }
    }
  }
}
