package dev.skein.worker.runtime.os;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// Waits for what the kernel does and tells nobody, such as a cgroup becoming empty.
public final class Awaiting {

  private static final long STEP_NANOS = 1_000_000;

  private Awaiting() {}

  /// Looks every millisecond, at most `limit` long, whether `condition` holds; false when it never
  /// did.
  public static boolean until(Duration limit, Condition condition) throws IOException {
    for (var left = Math.max(1, limit.toMillis()); left > 0; left--) {
      if (condition.holds()) {
        return true;
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
    return condition.holds();
  }

  /// Something that becomes true.
  @FunctionalInterface
  public interface Condition {
    /// Whether it is true now.
    boolean holds() throws IOException;
  }
}
