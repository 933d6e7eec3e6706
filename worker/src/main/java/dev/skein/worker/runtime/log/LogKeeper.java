package dev.skein.worker.runtime.log;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Notes the times at which the running tasks' logs grow, keeps their size in bounds and wakes
/// those who follow them. One thread, idle while nothing is written.
///
/// The system's file notices tell which log grew. A log that is written all the time would cost a
/// notice for each write, so its notices are turned off and its size is looked at every
/// [#NOTE_PERIOD] instead until it has been quiet for a while.
public final class LogKeeper implements AutoCloseable {

  /// The least time between two notes about one log, and so the exactness of a line's time.
  public static final Duration NOTE_PERIOD = Duration.ofMillis(20);

  private static final Logger LOG = LoggerFactory.getLogger(LogKeeper.class);

  /// Notices in one period from which on looking is cheaper.
  private static final int BUSY_NOTICES = 16;

  /// Periods without growth after which a busy log counts as quiet.
  private static final int QUIET_PERIODS = 50;

  private final LogPolicy policy;
  private final InstantSource clock;
  private final WatchService watches;
  private final Set<TaskLog> running = ConcurrentHashMap.newKeySet();
  /// Also the lock of `watched` and of the changes of `running`.
  private final Map<WatchKey, TaskLog> watched = new HashMap<>();

  /// Logs that are looked at, with the number of periods that they have been quiet.
  private final Map<TaskLog, Integer> polled = new ConcurrentHashMap<>();

  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  /// Starts the keeper's thread.
  public LogKeeper(LogPolicy policy, InstantSource clock) throws IOException {
    this.policy = policy;
    this.clock = clock;
    watches = FileSystems.getDefault().newWatchService();
    thread = Thread.ofPlatform().daemon().name("task-logs").start(this::run);
  }

  /// The log of a task that is about to start, or runs already and wrote what nobody saw.
  ///
  /// @param directory where the task writes `stdout` and `stderr`
  /// @param indexDirectory where the keeper notes times; another one
  public TaskLog follow(Path directory, Path indexDirectory) throws IOException {
    var log = new TaskLog(directory, indexDirectory, policy, clock);
    log.observeUnseen();
    running.add(log);
    watch(log);
    return log;
  }

  /// The log of a task that has ended.
  public TaskLog ended(Path directory, Path indexDirectory) throws IOException {
    var log = new TaskLog(directory, indexDirectory, policy, clock);
    log.observeUnseen();
    log.end();
    return log;
  }

  /// Tells that the task of this log has ended and writes no more.
  public void end(TaskLog log) throws IOException {
    synchronized (watched) {
      running.remove(log);
      polled.remove(log);
      for (var key : List.copyOf(watched.keySet())) {
        if (watched.get(key) == log) {
          key.cancel();
          watched.remove(key);
        }
      }
    }
    log.end();
  }

  private void watch(TaskLog log) throws IOException {
    synchronized (watched) {
      if (running.contains(log)) {
        register(log);
      }
    }
    // What was written before the registration gave no notice.
    log.observe();
  }

  private void register(TaskLog log) {
    try {
      watched.put(log.directory().register(watches, StandardWatchEventKinds.ENTRY_MODIFY), log);
      polled.remove(log);
    } catch (ClosedWatchServiceException e) {
      // Closing.
    } catch (IOException e) {
      // The system's limit of watches is reached.
      LOG.debug("{}: looking at it instead of watching it", log.directory(), e);
      polled.put(log, 0);
    }
  }

  private void run() {
    try {
      while (closing.getCount() > 0) {
        var first = polled.isEmpty() ? watches.poll(1, TimeUnit.SECONDS) : watches.poll();
        for (var log : noticed(first)) {
          observe(log);
        }
        for (var log : polled.keySet()) {
          look(log);
        }
        if (closing.await(NOTE_PERIOD.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (ClosedWatchServiceException | InterruptedException e) {
      // Closed.
    }
  }

  private Set<TaskLog> noticed(@Nullable WatchKey first) {
    var grown = new HashSet<TaskLog>();
    for (var key = first; key != null; key = watches.poll()) {
      var notices = 0;
      for (var event : key.pollEvents()) {
        notices += event.count();
      }
      synchronized (watched) {
        var log = watched.get(key);
        if (log == null) {
          continue;
        }
        grown.add(log);
        if (notices >= BUSY_NOTICES) {
          key.cancel();
          watched.remove(key);
          polled.put(log, 0);
        } else {
          key.reset();
        }
      }
    }
    return grown;
  }

  private void look(TaskLog log) {
    if (!running.contains(log)) {
      polled.remove(log);
      return;
    }
    var quiet = observe(log) ? 0 : polled.getOrDefault(log, 0) + 1;
    polled.replace(log, quiet);
    if (quiet >= QUIET_PERIODS) {
      try {
        watch(log);
      } catch (IOException e) {
        LOG.warn("cannot read the log in {}", log.directory(), e);
      }
    }
  }

  private static boolean observe(TaskLog log) {
    try {
      return log.observe();
    } catch (IOException e) {
      // A full disk, or the task's removal; the next look notes what is missing.
      LOG.warn("cannot note the times of the log in {}: {}", log.directory(), e.toString());
      return false;
    }
  }

  @Override
  public void close() {
    closing.countDown();
    try {
      watches.close();
      thread.join();
    } catch (IOException e) {
      LOG.warn("cannot close the log watches", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
