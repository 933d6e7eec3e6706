package dev.skein.manager.ca;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/// A join token, `SWMTKN-1-<digest>-<secret>`: it lets a node join (the secret) and lets the node
/// know that it talks to the right cluster (the digest of the root certificate).
///
/// @param digest SHA-256 of the root certificate's PEM text, 50 characters of base 36
/// @param secret 16 random bytes, 25 characters of base 36
public record JoinToken(String digest, String secret) {

  private static final String PREFIX = "SWMTKN-1-";
  private static final int DIGEST_WIDTH = 50;
  private static final int SECRET_WIDTH = 25;
  private static final int SECRET_BYTES = 16;

  public JoinToken {
    if (!Base36.isEncoded(digest, DIGEST_WIDTH) || !Base36.isEncoded(secret, SECRET_WIDTH)) {
      throw new IllegalArgumentException("invalid join token");
    }
  }

  public static JoinToken create(String rootDigest, SecureRandom random) {
    var secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    return new JoinToken(rootDigest, Base36.encode(secret, SECRET_WIDTH));
  }

  /// Reads a token's text.
  ///
  /// @throws IllegalArgumentException if `text` is not of a token's form; the text is a secret and
  ///     not part of the message
  public static JoinToken parse(String text) {
    var dash = text.lastIndexOf('-');
    if (!text.startsWith(PREFIX) || dash <= PREFIX.length()) {
      throw new IllegalArgumentException("invalid join token");
    }
    return new JoinToken(text.substring(PREFIX.length(), dash), text.substring(dash + 1));
  }

  /// The digest that a token carries for a root certificate (PEM).
  public static String digestOf(String rootCertificate) {
    try {
      var sha256 = MessageDigest.getInstance("SHA-256");
      return Base36.encode(
          sha256.digest(rootCertificate.getBytes(StandardCharsets.UTF_8)), DIGEST_WIDTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Whether `certificate` (PEM) is the root that this token was made for.
  public boolean isFor(String certificate) {
    return equalInConstantTime(digest, digestOf(certificate));
  }

  /// Compares the whole token in a time that does not tell how much of it was right.
  public boolean matches(String text) {
    return equalInConstantTime(toString(), text);
  }

  private static boolean equalInConstantTime(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return PREFIX + digest + "-" + secret;
  }
}
