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

  /// The wall time of the program's start, gone on by the monotonic clock: for judging how long
  /// something has been silent, whatever is done to the machine's time.
  static final InstantSource STEADY = steady();

  private SystemClock() {}

  private static InstantSource steady() {
    var start = WALL.instant();
    var zero = NANOS.getAsLong();
    return () -> start.plusNanos(NANOS.getAsLong() - zero);
  }
}
