package dev.skein.worker.runtime.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches by `pidfd_open` and `epoll`: one thread, no polling, exits noticed within a millisecond
/// or so.
public final class PidfdWatcher implements ProcessWatcher {

  private static final Logger LOG = LoggerFactory.getLogger(PidfdWatcher.class);

  private static final int MAX_EVENTS = 64;

  private final Linux linux;
  private final int epoll;
  private final int wakeUp;

  /// By descriptor. Also the lock of `closed`: nothing is added to an epoll instance that is
  /// closed.
  private final Map<Integer, Runnable> watched = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile boolean closed;

  /// Starts the watcher's thread.
  public PidfdWatcher(Linux linux) throws IOException {
    this.linux = linux;
    epoll = linux.epollCreate();
    wakeUp = linux.eventfd();
    linux.epollAdd(epoll, wakeUp, wakeUp);
    thread = Thread.ofPlatform().daemon().name("task-exits").start(this::run);
  }

  @Override
  public void watch(ProcessId id, Runnable onGone) throws IOException {
    int pidfd;
    try {
      pidfd = linux.pidfdOpen(id.pid());
    } catch (Linux.CallFailed e) {
      if (e.errno() != Linux.ESRCH) {
        throw e;
      }
      tell(onGone);
      return;
    }
    if (!ProcFs.alive(id)) {
      linux.close(pidfd);
      tell(onGone);
      return;
    }
    synchronized (watched) {
      if (closed) {
        linux.close(pidfd);
        return;
      }
      watched.put(pidfd, onGone);
      linux.epollAdd(epoll, pidfd, pidfd);
    }
  }

  @Override
  public String description() {
    return "pidfd: at once";
  }

  @Override
  public void close() {
    synchronized (watched) {
      if (closed) {
        return;
      }
      closed = true;
    }
    try {
      linux.eventfdWrite(wakeUp);
      thread.join();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!closed) {
        for (var data : linux.epollWait(epoll, MAX_EVENTS)) {
          var pidfd = (int) data;
          var onGone = watched.remove(pidfd);
          if (onGone != null) {
            linux.close(pidfd);
            tell(onGone);
          }
        }
      }
      for (var pidfd : watched.keySet()) {
        linux.close(pidfd);
      }
      linux.close(wakeUp);
      linux.close(epoll);
    } catch (IOException e) {
      // Without this thread no exit would ever be noticed: better to end than to look healthy.
      LOG.error("the watcher of task exits failed", e);
      throw new UncheckedIOException(e);
    }
  }

  private static void tell(Runnable onGone) {
    Thread.ofVirtual().name("task-exit").start(onGone);
  }
}
