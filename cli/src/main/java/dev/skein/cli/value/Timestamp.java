package dev.skein.cli.value;

import dev.skein.cli.format.Human;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/// Points in time as `--since` and `--until` take them.
public final class Timestamp {
  private Timestamp() {}

  /// Reads a duration before now (`42m`), Unix seconds (`1700000000.5`), an RFC 3339 time, or a
  /// local date or date and time.
  ///
  /// @return Unix seconds with nanoseconds, as the API takes them
  /// @throws IllegalArgumentException naming the text
  public static String parse(String text, Instant now, ZoneId zone) {
    if (!text.isEmpty() && text.chars().allMatch(c -> (c >= '0' && c <= '9') || c == '.')) {
      return text;
    }
    try {
      return unix(now.minusNanos(GoDuration.parse(text)));
    } catch (IllegalArgumentException notDuration) {
      Instant instant = instant(text, zone);
      if (instant == null) {
        throw new IllegalArgumentException(
            "invalid time \""
                + text
                + "\": use a duration such as 42m, Unix seconds, or 2026-01-02T13:23:37Z");
      }
      return unix(instant);
    }
  }

  private static @Nullable Instant instant(String text, ZoneId zone) {
    Instant exact = Human.instant(text);
    if (exact != null) {
      return exact;
    }
    try {
      return LocalDateTime.parse(text).atZone(zone).toInstant();
    } catch (DateTimeParseException notDateTime) {
      try {
        return LocalDate.parse(text).atStartOfDay(zone).toInstant();
      } catch (DateTimeParseException notDate) {
        return null;
      }
    }
  }

  private static String unix(Instant instant) {
    String nanos = Integer.toString(instant.getNano() + 1_000_000_000);
    return instant.getEpochSecond() + "." + nanos.substring(1);
  }
}
