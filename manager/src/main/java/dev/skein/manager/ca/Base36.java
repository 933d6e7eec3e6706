package dev.skein.manager.ca;

import java.math.BigInteger;

/// Fixed-width base 36, as Swarm writes the parts of its join tokens.
final class Base36 {

  private static final int RADIX = 36;

  private Base36() {}

  /// `bytes` as a non-negative number, padded with zeros to `width` characters.
  static String encode(byte[] bytes, int width) {
    var digits = new BigInteger(1, bytes).toString(RADIX);
    if (digits.length() > width) {
      throw new IllegalArgumentException(bytes.length + " bytes do not fit " + width + " digits");
    }
    return "0".repeat(width - digits.length()) + digits;
  }

  static boolean isEncoded(String text, int width) {
    return text.length() == width
        && text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'));
  }
}
