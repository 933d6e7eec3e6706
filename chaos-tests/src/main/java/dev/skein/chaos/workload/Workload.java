package dev.skein.chaos.workload;

import dev.skein.chaos.history.History;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Clients that create, change, read and remove objects through every manager in turn, as fast as
/// they are answered, one watcher for each manager, and looks at the managers' own copies. It goes
/// on by itself while managers die and return, and records all in a [History].
///
/// Any thread may ask it how it does.
public final class Workload implements AutoCloseable {
  private static final long LOOK_NANOS = Duration.ofMillis(10).toNanos();

  private final WorkloadSettings settings;
  private final List<Manager> managers;
  private final History history;
  private final LongSupplier nanoTime;
  private final List<ClosedLoop> loops = new ArrayList<>();
  private final List<Watcher> watchers = new ArrayList<>();
  private final List<Thread> loopThreads = new ArrayList<>();
  private final List<Thread> watcherThreads = new ArrayList<>();
  private final Census census;
  private final Thread censusThread;
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong changes = new AtomicLong();
  private final AtomicLong unknown = new AtomicLong();
  private final AtomicLong lastChangeNanos;
  private final AtomicLong longestGapNanos = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private Workload(
      WorkloadSettings settings, List<Manager> managers, History history, LongSupplier nanoTime) {
    this.settings = settings;
    this.managers = List.copyOf(managers);
    this.history = history;
    this.nanoTime = nanoTime;
    this.census = new Census(managers, settings.answerSeconds(), nanoTime, history::add);
    this.censusThread = unstarted("census", census::run);
    this.lastChangeNanos = new AtomicLong(nanoTime.getAsLong());
  }

  /// Begins to work. No service may have a name with the settings' prefix.
  ///
  /// @param managers one at least; they need not be up
  /// @param nanoTime monotonic clock in nanoseconds
  public static Workload start(
      WorkloadSettings settings, List<Manager> managers, History history, LongSupplier nanoTime) {
    if (managers.isEmpty()) {
      throw new IllegalArgumentException("a workload needs a manager to ask");
    }
    var workload = new Workload(settings, managers, history, nanoTime);
    workload.begin();
    return workload;
  }

  private void begin() {
    var random = new SplittableRandom(settings.seed());
    var stamps = new AtomicLong();
    for (var i = 0; i < settings.clients(); i++) {
      var loop =
          new ClosedLoop(
              i,
              settings,
              managers,
              random.split(),
              stamps::incrementAndGet,
              nanoTime,
              this::ended);
      loops.add(loop);
      loopThreads.add(thread("workload-" + i, loop::run));
    }
    for (var manager : managers) {
      var watcher = new Watcher(manager, settings.prefix(), settings.answerSeconds(), history::add);
      watchers.add(watcher);
      watcherThreads.add(thread("watcher-" + manager.name(), watcher::run));
    }
    censusThread.start();
  }

  private Thread thread(String name, Runnable work) {
    var thread = unstarted(name, work);
    thread.start();
    return thread;
  }

  private Thread unstarted(String name, Runnable work) {
    return Thread.ofPlatform()
        .daemon()
        .name(name)
        .uncaughtExceptionHandler((_, bug) -> failure.compareAndSet(null, bug))
        .unstarted(work);
  }

  private void ended(Operation operation) {
    history.add(operation);
    if (operation.outcome() == Outcome.DONE) {
      acknowledged.incrementAndGet();
    } else if (operation.isPossibleChange()) {
      unknown.incrementAndGet();
    }
    if (operation.isAcknowledgedChange()) {
      changes.incrementAndGet();
      var before = lastChangeNanos.getAndAccumulate(operation.returnedNanos(), Math::max);
      longestGapNanos.accumulateAndGet(operation.returnedNanos() - before, Math::max);
    }
  }

  /// Operations, reads included, that were acknowledged so far.
  public long acknowledged() {
    return acknowledged.get();
  }

  /// Changes that were acknowledged so far.
  public long acknowledgedChanges() {
    return changes.get();
  }

  /// Changes whose outcome is unknown so far.
  public long unknown() {
    return unknown.get();
  }

  /// The longest time without an acknowledged change since the last call of this, the one that goes
  /// on included; and forgets it.
  public Duration takeLongestGap() {
    var going = nanoTime.getAsLong() - lastChangeNanos.get();
    return Duration.ofNanos(Math.max(going, longestGapNanos.getAndSet(0)));
  }

  /// Waits until so many more changes are acknowledged.
  ///
  /// @return whether they were in time
  public boolean awaitChanges(long count, Duration within) {
    var goal = changes.get() + count;
    return await(() -> changes.get() >= goal, within);
  }

  /// Waits until all watchers were told of all that was acknowledged so far.
  ///
  /// @return whether they were in time
  public boolean awaitWatchers(Duration within) {
    var goal = lastChange();
    return await(() -> watchers.stream().allMatch(watcher -> watcher.position() >= goal), within);
  }

  /// The index of the latest acknowledged change.
  public long lastChange() {
    return history.operations().stream()
        .filter(Operation::isAcknowledgedChange)
        .mapToLong(Operation::index)
        .max()
        .orElse(0);
  }

  private boolean await(BooleanSupplier condition, Duration within) {
    var end = nanoTime.getAsLong() + within.toNanos();
    while (!condition.getAsBoolean()) {
      requireWell();
      if (nanoTime.getAsLong() - end > 0) {
        return false;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return true;
  }

  private void requireWell() {
    var bug = failure.get();
    if (bug != null) {
      throw new IllegalStateException("the workload failed by itself", bug);
    }
  }

  /// Ends the clients; the watchers go on. Blocks until each has its last answer or gave up on it.
  public void stopClients() throws InterruptedException {
    loops.forEach(ClosedLoop::stop);
    for (var thread : loopThreads) {
      // The longest operation reads and writes three times over.
      if (!thread.join(Duration.ofSeconds(8L * settings.answerSeconds()))) {
        throw new IllegalStateException(thread.getName() + " hangs in a call");
      }
    }
    requireWell();
  }

  /// Ends it all. An interruption ends the waiting only.
  @Override
  public void close() {
    census.stop();
    try {
      for (var i = 0; i < watchers.size(); i++) {
        do {
          watchers.get(i).stop();
        } while (!watcherThreads.get(i).join(Duration.ofMillis(50)));
      }
      stopClients();
      if (!censusThread.join(Duration.ofSeconds(4L * settings.answerSeconds()))) {
        throw new IllegalStateException("the census hangs in a call");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
