package dev.skein.manager.loop;

import dev.skein.manager.plan.Planner;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.state.ClusterStore;
import dev.skein.state.StoreException;
import dev.skein.state.Watch;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the planners while this manager leads: one is started with each term of leadership and
/// closed with its end. It has one platform thread, which sleeps until something is committed or
/// due.
///
/// After a proposal whose outcome is unknown it first gets an empty one through the log: whatever
/// comes before that is decided, and planning goes on from there.
public final class ControlLoop implements AutoCloseable {
  /// How long commits are collected before they are planned for. Short beside the log's own
  /// latency: while proposals are in flight, commits are collected anyway.
  static final Duration DEBOUNCE = Duration.ofMillis(1);

  /// The pause before a store that was unavailable is asked again.
  static final Duration RETRY_DELAY = Duration.ofMillis(100);

  /// How long it sleeps at most before it looks at the clock: that may have been set meanwhile, and
  /// what was an hour away be due, or the other way round.
  static final Duration SLEEP_MAX = Duration.ofSeconds(5);

  private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);

  private final ClusterStore store;
  private final Supplier<List<Planner>> planners;
  private final InstantSource clock;
  private final Consumer<Throwable> onBug;
  private final Thread thread;
  private volatile boolean closed;

  /// Makes a loop that does nothing until [#start].
  ///
  /// @param planners makes new ones in their order, see [Planners]
  /// @param onBug called on the loop's thread when a planner failed: the process should end
  /// rather than go on with a cluster that nobody looks after
  public ControlLoop(
      ClusterStore store,
      Supplier<List<Planner>> planners,
      InstantSource clock,
      Consumer<Throwable> onBug) {
    this.store = store;
    this.planners = planners;
    this.clock = clock;
    this.onBug = onBug;
    this.thread = Thread.ofPlatform().name("skein-control-loop").unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  /// Waits until the loop has ended, by itself or by [#close].
  public void awaitEnd() throws InterruptedException {
    thread.join();
  }

  /// Ends the loop and waits for its thread, unless interrupted. What it has proposed may still be
  /// committed.
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      lead();
    } catch (InterruptedException ended) {
      if (!closed) {
        onBug.accept(ended);
      }
    } catch (StoreException.NotLeaderException lost) {
      LOG.info("The control loop ends: {}", lost.getMessage());
    } catch (RuntimeException | Error bug) {
      onBug.accept(bug);
    }
  }

  private void lead() throws InterruptedException {
    catchUp();
    try (var watch = store.watch(() -> LockSupport.unpark(thread))) {
      var core = new ControlCore(planners.get(), watch.initial());
      while (!closed) {
        if (!core.hasWork(clock.instant()) && !observe(watch, core)) {
          sleepUntil(core);
          continue;
        }
        LockSupport.parkNanos(DEBOUNCE.toNanos());
        observe(watch, core);
        propose(core.plan(clock.instant()), watch, core);
      }
    }
  }

  /// Waits until all that any earlier leader left in the log is applied here.
  private void catchUp() throws InterruptedException {
    while (true) {
      try {
        await(store.read());
        return;
      } catch (StoreException.UnavailableException unavailable) {
        LOG.warn("Waiting for the log before planning: {}", unavailable.getMessage());
        pause();
      }
    }
  }

  private static boolean observe(Watch watch, ControlCore core) {
    var observed = false;
    for (var event = watch.poll(); event != null; event = watch.poll()) {
      core.observe(event);
      observed = true;
    }
    return observed;
  }

  private void sleepUntil(ControlCore core) throws InterruptedException {
    var wakeAt = core.wakeAt();
    if (wakeAt == null) {
      LockSupport.park(this);
    } else {
      LockSupport.parkNanos(this, nanosUntil(wakeAt));
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }

  private long nanosUntil(Instant time) {
    var wait = Duration.between(clock.instant(), time);
    return (wait.compareTo(SLEEP_MAX) > 0 ? SLEEP_MAX : wait).toNanos();
  }

  /// Proposes all sets at once and waits for all of them, so that the next round plans on what
  /// they made.
  private void propose(List<ChangeSet> sets, Watch watch, ControlCore core)
      throws InterruptedException {
    var outcomes = sets.stream().map(store::propose).toList();
    var inDoubt = false;
    for (var outcome : outcomes) {
      try {
        await(outcome);
      } catch (StoreException.ConflictException conflict) {
        // What it touched is looked at again on the state that it did not fit.
        LOG.debug("Planning again: {}", conflict.getMessage());
      } catch (StoreException.UnavailableException unavailable) {
        LOG.warn("A plan's outcome is unknown: {}", unavailable.getMessage());
        inDoubt = true;
      }
    }
    if (inDoubt) {
      settle();
    }
    // The store queues commits for watches before it completes their proposals.
    observe(watch, core);
    if (inDoubt) {
      core.startOver(core.state());
    }
  }

  private void settle() throws InterruptedException {
    while (true) {
      try {
        await(store.propose(ChangeSet.getDefaultInstance()));
        return;
      } catch (StoreException.UnavailableException unavailable) {
        pause();
      }
    }
  }

  private void pause() throws InterruptedException {
    LockSupport.parkNanos(RETRY_DELAY.toNanos());
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }

  private static <T> T await(CompletableFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof StoreException store) {
        throw store;
      }
      throw new IllegalStateException("the store failed as it may not", failed.getCause());
    }
  }
}
