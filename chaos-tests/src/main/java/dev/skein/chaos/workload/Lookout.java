package dev.skein.chaos.workload;

import dev.skein.chaos.check.Convergence;
import dev.skein.chaos.check.Glimpse;
import dev.skein.chaos.check.SlotUniqueness;
import dev.skein.chaos.check.UniqueEndpoints;
import dev.skein.chaos.check.Verdict;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Looks at services and their tasks again and again during a run, through every manager in turn,
/// beside what really runs on this machine. It goes on by itself while managers die and return.
///
/// Any thread may ask it what it found.
public final class Lookout implements AutoCloseable {
  private static final long LOOK_NANOS = Duration.ofMillis(200).toNanos();
  private static final Duration STOP = Duration.ofSeconds(60);

  private final List<Observer> observers;
  private final Predicate<String> included;
  private final LongSupplier nanoTime;
  private final SlotUniqueness slots;
  private final UniqueEndpoints endpoints = new UniqueEndpoints();
  private final Thread thread;
  private @Nullable Glimpse latest;
  private volatile boolean stopped;

  private Lookout(
      List<Observer> observers,
      Predicate<String> included,
      Duration overlapMax,
      LongSupplier nanoTime) {
    this.observers = observers;
    this.included = included;
    this.nanoTime = nanoTime;
    this.slots = new SlotUniqueness(overlapMax);
    this.thread = Thread.ofPlatform().daemon().name("lookout").unstarted(this::run);
  }

  /// Begins to look.
  ///
  /// @param included the services that it is about, by their names
  /// @param overlapMax as of [SlotUniqueness]
  /// @param answerSeconds how long an answer may take
  /// @param nanoTime monotonic clock in nanoseconds
  public static Lookout start(
      List<Manager> managers,
      Predicate<String> included,
      Duration overlapMax,
      int answerSeconds,
      LongSupplier nanoTime) {
    var observers =
        managers.stream().map(manager -> new Observer(manager, answerSeconds, nanoTime)).toList();
    var lookout = new Lookout(observers, included, overlapMax, nanoTime);
    lookout.thread.start();
    return lookout;
  }

  private void run() {
    for (var turn = 0; !stopped; turn = (turn + 1) % observers.size()) {
      try {
        var running = RunningTasks.ids();
        var glimpse = observers.get(turn).glimpse(included);
        synchronized (this) {
          // What ran before and after the managers were asked ran meanwhile.
          running.retainAll(RunningTasks.ids());
          slots.observe(glimpse, running);
          endpoints.observe(glimpse);
          latest = glimpse;
        }
      } catch (IOException e) {
        // The next manager may know.
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /// What was found so far of slots and of endpoints.
  public synchronized List<Verdict> verdicts() {
    return List.of(slots.verdict(), endpoints.verdict());
  }

  private synchronized Verdict convergence(long sinceNanos) {
    return latest == null || latest.nanos() - sinceNanos < 0
        ? new Verdict.Undecided(Convergence.CHECK, "no manager has told what there is")
        : Convergence.check(latest);
  }

  /// Waits until what runs is what is wanted, by a look that began after this call.
  ///
  /// @return the last verdict: held, or what is still wrong when the time is over
  public Verdict awaitConvergence(Duration within) {
    var since = nanoTime.getAsLong();
    while (true) {
      var verdict = convergence(since);
      if (verdict instanceof Verdict.Held || nanoTime.getAsLong() - since > within.toNanos()) {
        return verdict;
      }
      LockSupport.parkNanos(LOOK_NANOS / 4);
    }
  }

  /// Ends it, after the look that is under way.
  @Override
  public void close() {
    stopped = true;
    try {
      if (!thread.join(STOP)) {
        throw new IllegalStateException("the lookout hangs in a call");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
