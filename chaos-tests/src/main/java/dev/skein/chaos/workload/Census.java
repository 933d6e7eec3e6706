package dev.skein.chaos.workload;

import dev.skein.chaos.history.Copy;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Asks all managers at the same moment for their own copies of the state, again and again during a
/// run. Mostly some of them are at one index then, so that a difference is seen near to where it
/// came from, and one that later changes cover up is seen at all.
final class Census {
  /// A digest goes through the whole state: seldom enough to be no load.
  private static final long PAUSE_NANOS = Duration.ofMillis(500).toNanos();

  private final List<Observer> observers;
  private final Consumer<Copy> says;
  private volatile boolean stopped;

  /// @param says takes what each manager that answers has; called by several threads
  Census(List<Manager> managers, int answerSeconds, LongSupplier nanoTime, Consumer<Copy> says) {
    this.observers =
        managers.stream().map(manager -> new Observer(manager, answerSeconds, nanoTime)).toList();
    this.says = says;
  }

  /// Goes on until it is stopped.
  void run() {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      while (!stopped) {
        var asked =
            observers.stream()
                .map(observer -> CompletableFuture.runAsync(() -> ask(observer), threads))
                .toList();
        asked.forEach(CompletableFuture::join);
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private void ask(Observer observer) {
    try {
      says.accept(observer.copy());
    } catch (IOException e) {
      // It may be down, or hang.
    }
  }

  /// Ends it, after the answers that are under way.
  void stop() {
    stopped = true;
  }
}
