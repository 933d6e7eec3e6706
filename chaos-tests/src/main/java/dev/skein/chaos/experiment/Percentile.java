package dev.skein.chaos.experiment;

import java.util.List;

/// Percentiles by the nearest rank.
public final class Percentile {

  private Percentile() {}

  /// The value that so many percent of the values do not exceed; 0 if there are none.
  ///
  /// @param sorted the smallest first
  public static long of(List<Long> sorted, int percent) {
    if (sorted.isEmpty()) {
      return 0;
    }
    var rank = (int) Math.ceil(sorted.size() * percent / 100.0);
    return sorted.get(Math.max(0, rank - 1));
  }
}
