package dev.skein.cli.value;

import java.math.BigDecimal;
import java.util.Locale;

/// Amounts of resources: memory and processors.
public final class Quantity {
  private static final String UNITS = "bkmgtp";

  private Quantity() {}

  /// Reads an amount of memory: a number and a binary unit, `512m`, `1.5GiB`, `4096`.
  ///
  /// @return bytes, 0 or more
  /// @throws IllegalArgumentException naming the text
  public static long bytes(String text) {
    int end = 0;
    while (end < text.length()
        && (Character.isDigit(text.charAt(end)) || text.charAt(end) == '.')) {
      end++;
    }
    String suffix = text.substring(end).strip().toLowerCase(Locale.ROOT);
    String unit = suffix;
    if (unit.endsWith("ib")) {
      unit = unit.substring(0, unit.length() - 2);
    } else if (unit.length() > 1 && unit.endsWith("b")) {
      unit = unit.substring(0, unit.length() - 1);
    }
    int power = unit.isEmpty() ? 0 : unit.length() == 1 ? UNITS.indexOf(unit) : -1;
    if (power < 0 || end == 0) {
      throw new IllegalArgumentException(
          "invalid size: '" + text + "': use a number with b, k, m, g, t or p, for example 512m");
    }
    try {
      return new BigDecimal(text.substring(0, end))
          .multiply(BigDecimal.valueOf(1L << (10 * power)))
          .toBigInteger()
          .longValueExact();
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException("invalid size: '" + text + "'");
    }
  }

  /// Reads a number of processors: `0.5`, `2`.
  ///
  /// @return billionths of one, 0 or more
  /// @throws IllegalArgumentException naming the text, or if it is finer than a billionth
  public static long nanoCpus(String text) {
    try {
      long nanos = new BigDecimal(text).movePointRight(9).longValueExact();
      if (nanos >= 0) {
        return nanos;
      }
    } catch (ArithmeticException | NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException(
        "invalid number of CPUs \"" + text + "\": use for example 0.5 or 2");
  }

  /// A number of processors as text.
  public static String cpus(long nanoCpus) {
    return BigDecimal.valueOf(nanoCpus, 9).stripTrailingZeros().toPlainString();
  }
}
