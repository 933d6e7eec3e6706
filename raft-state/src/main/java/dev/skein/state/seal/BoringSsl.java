package dev.skein.state.seal;

import java.security.Provider;
import java.security.Security;
import java.util.Optional;
import org.conscrypt.Conscrypt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Conscrypt: BoringSSL for Java's interfaces, where there is a library for this machine. It is
/// fast from the first call, while Java's own cryptography needs C2 to have compiled it: before
/// that a byte of AES-GCM takes 35 ns instead of 1, and a signature milliseconds.
///
/// Not for TLS: its clients resume sessions across connections, which asks no trust manager again
/// and shows the certificate that the first one began with.
public final class BoringSsl {
  private static final Logger LOG = LoggerFactory.getLogger(BoringSsl.class);
  private static final Optional<Provider> PROVIDER = find();

  private BoringSsl() {}

  /// This provider, which is not registered with [Security]; where it has no library, Java's of
  /// that name.
  public static Provider orJavas(String name) {
    return PROVIDER.orElseGet(() -> Security.getProvider(name));
  }

  private static Optional<Provider> find() {
    try {
      Conscrypt.checkAvailability();
      return Optional.of(Conscrypt.newProvider());
    } catch (UnsatisfiedLinkError noLibrary) {
      LOG.info("Java's own cryptography is used: {}", noLibrary.toString());
      return Optional.empty();
    }
  }
}
