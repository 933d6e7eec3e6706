package dev.skein.chaos.experiment;

import dev.skein.cli.value.GoDuration;
import java.time.Duration;

/// How values are written for people.
public final class Words {

  private Words() {}

  /// `1m30s`, `500ms`.
  public static String of(Duration duration) {
    return GoDuration.format(duration.toNanos());
  }

  /// Seconds since a beginning: `+12.3s`.
  public static String since(long millis) {
    return "+%.1fs".formatted(millis / 1000.0);
  }
}
