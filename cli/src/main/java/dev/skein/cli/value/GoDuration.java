package dev.skein.cli.value;

import java.math.BigDecimal;

/// Durations as Go writes them: `1m30s`, `500ms`, `1.5h`.
public final class GoDuration {
  private static final long MICRO = 1_000L;
  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1_000_000_000L;

  private GoDuration() {}

  /// Reads a duration.
  ///
  /// @return nanoseconds, 0 or more
  /// @throws IllegalArgumentException naming the offending part
  public static long parse(String text) {
    if (text.equals("0")) {
      return 0;
    }
    if (text.startsWith("-")) {
      throw new IllegalArgumentException("duration must not be negative: \"" + text + "\"");
    }
    if (text.isEmpty()) {
      throw new IllegalArgumentException("invalid duration \"\": use for example 1m30s or 500ms");
    }
    BigDecimal nanos = BigDecimal.ZERO;
    int at = 0;
    while (at < text.length()) {
      int number = at;
      while (at < text.length() && (isDigit(text.charAt(at)) || text.charAt(at) == '.')) {
        at++;
      }
      int unit = at;
      while (at < text.length() && !isDigit(text.charAt(at)) && text.charAt(at) != '.') {
        at++;
      }
      nanos =
          nanos.add(
              amount(text.substring(number, unit), text)
                  .multiply(BigDecimal.valueOf(unit(text.substring(unit, at), text))));
    }
    try {
      return nanos.toBigInteger().longValueExact();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("duration \"" + text + "\" is longer than 292 years");
    }
  }

  private static BigDecimal amount(String number, String text) {
    try {
      return new BigDecimal(number);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "invalid duration \"" + text + "\": use for example 1m30s or 500ms");
    }
  }

  private static long unit(String unit, String text) {
    return switch (unit) {
      case "ns" -> 1;
      case "us", "µs", "μs" -> MICRO;
      case "ms" -> MILLI;
      case "s" -> SECOND;
      case "m" -> 60 * SECOND;
      case "h" -> 3600 * SECOND;
      case "" ->
          throw new IllegalArgumentException(
              "missing unit in duration \"" + text + "\": one of ns, us, ms, s, m, h");
      default ->
          throw new IllegalArgumentException(
              "unknown unit \""
                  + unit
                  + "\" in duration \""
                  + text
                  + "\": one of ns, us, ms, s, m, h");
    };
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /// The duration as Go prints it.
  ///
  /// @param nanos 0 or more
  public static String format(long nanos) {
    if (nanos == 0) {
      return "0s";
    }
    if (nanos < MICRO) {
      return nanos + "ns";
    }
    if (nanos < MILLI) {
      return fraction(nanos, MICRO) + "µs";
    }
    if (nanos < SECOND) {
      return fraction(nanos, MILLI) + "ms";
    }
    long hours = nanos / (3600 * SECOND);
    long minutes = nanos / (60 * SECOND) % 60;
    String seconds = fraction(nanos % (60 * SECOND), SECOND) + "s";
    if (hours > 0) {
      return hours + "h" + minutes + "m" + seconds;
    }
    return minutes > 0 ? minutes + "m" + seconds : seconds;
  }

  private static String fraction(long nanos, long unit) {
    return BigDecimal.valueOf(nanos)
        .divide(BigDecimal.valueOf(unit))
        .stripTrailingZeros()
        .toPlainString();
  }
}
