package dev.skein.cli.daemon;

import java.time.InstantSource;
import java.util.function.LongSupplier;

/// The machine's clocks.
@RealTime
final class SystemClock {

  /// Wall time.
  static final InstantSource WALL = InstantSource.system();

  /// Monotonic nanoseconds.
  static final LongSupplier NANOS = System::nanoTime;

  private SystemClock() {}
}
