package dev.skein.cli.format;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Quantities in words, as Docker's tables have them.
public final class Human {
  private static final String[] BINARY_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Human() {}

  /// A duration in about two words: `5 minutes`, `About an hour`, `3 weeks`.
  ///
  /// @param seconds negative ones (clocks differ) count as 0
  public static String duration(long seconds) {
    if (seconds < 1) {
      return "Less than a second";
    }
    if (seconds == 1) {
      return "1 second";
    }
    if (seconds < 60) {
      return seconds + " seconds";
    }
    long minutes = seconds / 60;
    if (minutes == 1) {
      return "About a minute";
    }
    if (minutes < 60) {
      return minutes + " minutes";
    }
    long hours = Math.round(seconds / 3600.0);
    if (hours == 1) {
      return "About an hour";
    }
    if (hours < 48) {
      return hours + " hours";
    }
    if (hours < 24 * 7 * 2) {
      return hours / 24 + " days";
    }
    if (hours < 24 * 30 * 2) {
      return hours / 24 / 7 + " weeks";
    }
    if (hours < 24 * 365 * 2) {
      return hours / 24 / 30 + " months";
    }
    return hours / 24 / 365 + " years";
  }

  /// How long ago a time was: `5 minutes ago`.
  public static String ago(Instant time, Instant now) {
    return lowerFirst(duration(now.getEpochSecond() - time.getEpochSecond())) + " ago";
  }

  /// How long it is from one time to a later one: `5 minutes`, `about an hour`.
  public static String words(Instant from, Instant until) {
    return lowerFirst(duration(until.getEpochSecond() - from.getEpochSecond()));
  }

  private static String lowerFirst(String words) {
    return words.substring(0, 1).toLowerCase(Locale.ROOT) + words.substring(1);
  }

  /// Reads an RFC 3339 timestamp; null when it is absent, malformed or the zero of Go's time.
  public static @Nullable Instant instant(String rfc3339) {
    if (rfc3339.isEmpty() || rfc3339.startsWith("0001-01-01")) {
      return null;
    }
    try {
      return rfc3339.endsWith("Z")
          ? Instant.parse(rfc3339)
          : OffsetDateTime.parse(rfc3339).toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }

  /// Bytes with four significant digits and a binary unit: `1.5GiB`.
  ///
  /// @param bytes 0 and up
  public static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < BINARY_UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return decimal(value) + BINARY_UNITS[unit];
  }

  private static String decimal(double value) {
    int decimals = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;
    String text =
        new java.math.BigDecimal(value)
            .setScale(decimals, java.math.RoundingMode.HALF_UP)
            .toPlainString();
    if (text.indexOf('.') < 0) {
      return text;
    }
    int end = text.length();
    while (text.charAt(end - 1) == '0') {
      end--;
    }
    if (text.charAt(end - 1) == '.') {
      end--;
    }
    return text.substring(0, end);
  }

  /// The first letter in upper case: states are printed so.
  public static String capital(String word) {
    return word.isEmpty()
        ? word
        : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
  }

  /// An id as tables show it: its first twelve characters.
  public static String shortId(String id) {
    return id.length() <= 12 ? id : id.substring(0, 12);
  }

  /// At most `max` characters, the last an ellipsis when something was cut.
  public static String ellipsis(String text, int max) {
    return text.codePointCount(0, text.length()) <= max
        ? text
        : text.substring(0, text.offsetByCodePoints(0, max - 1)) + "…";
  }
}
