package dev.skein.worker.runtime.log;

import java.time.Instant;
import java.util.Arrays;

/// A reader's copy of an [ArrivalIndex]: at most [ArrivalIndex#MAX_PAIRS] pairs and some.
final class Arrivals {

  private static final long NANOS = 1_000_000_000L;

  private long[] values;
  private int length;

  private Arrivals(long[] values) {
    this.values = values;
    length = values.length;
  }

  static Arrivals of(long[] offsetsAndNanos) {
    return new Arrivals(offsetsAndNanos);
  }

  int pairs() {
    return length / 2;
  }

  /// Keeps the first `from` pairs and appends `fresh`.
  void append(int from, Arrivals fresh) {
    var needed = from * 2 + fresh.length;
    if (needed > values.length) {
      values = Arrays.copyOf(values, Math.max(needed, values.length * 2));
    }
    System.arraycopy(fresh.values, 0, values, from * 2, fresh.length);
    length = needed;
  }

  /// When the log had grown to `offset`, which must not lie beyond the last pair.
  Instant at(long offset) {
    var low = 0;
    var high = pairs() - 1;
    while (low < high) {
      var middle = (low + high) >>> 1;
      if (values[middle * 2] >= offset) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    var nanos = values[low * 2 + 1];
    return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
  }
}
