package dev.skein.chaos.cluster;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/// Waiting for something that becomes true by itself, with a bound.
public final class Await {

  private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(50).toNanos();

  private Await() {}

  /// Looks again and again until `step` throws no [AssertionError] any more.
  ///
  /// @param what names it in the failure
  /// @param within the bound, after which the last error is thrown
  public static void until(String what, Duration within, Step step) throws Exception {
    value(
        what,
        within,
        () -> {
          step.check();
          return Optional.of(true);
        });
  }

  /// Looks again and again until there is a value.
  ///
  /// @param step throws [AssertionError] or returns empty when it is not there yet
  public static <T> T value(String what, Duration within, Callable<Optional<T>> step)
      throws Exception {
    var deadline = System.nanoTime() + within.toNanos();
    while (true) {
      AssertionError missing;
      try {
        var found = step.call();
        if (found.isPresent()) {
          return found.get();
        }
        missing = new AssertionError("it is not there");
      } catch (AssertionError e) {
        missing = e;
      }
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError(
            "not within " + within + ": " + what + ": " + message(missing), missing);
      }
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }
  }

  private static String message(AssertionError error) {
    return String.valueOf(error.getMessage()).strip();
  }

  /// One look.
  @FunctionalInterface
  public interface Step {
    void check() throws Exception;
  }
}
