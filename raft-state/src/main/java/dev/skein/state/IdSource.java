package dev.skein.state;

import java.math.BigInteger;
import java.util.random.RandomGenerator;

/// Makes object ids: 25 characters of base 36 that hold 128 random bits, as Docker's are. As safe
/// for use by several threads as the generator it is given.
public final class IdSource {
  /// Characters of an id.
  public static final int LENGTH = 25;

  private static final int RADIX = 36;

  private final RandomGenerator random;

  public IdSource(RandomGenerator random) {
    this.random = random;
  }

  public String next() {
    var bytes = new byte[16];
    random.nextBytes(bytes);
    var digits = new BigInteger(1, bytes).toString(RADIX);
    return "0".repeat(LENGTH - digits.length()) + digits;
  }
}
