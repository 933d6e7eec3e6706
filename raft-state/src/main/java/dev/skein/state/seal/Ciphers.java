package dev.skein.state.seal;

import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.Security;
import javax.crypto.Cipher;
import org.conscrypt.Conscrypt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which implementation of AES-GCM seals: Conscrypt's (BoringSSL) where it has a library for this
/// machine, otherwise Java's. Both write and read the same bytes.
///
/// Java's uses the processor's instructions only in code that C2 compiled, and daemons run on C1
/// alone: 35 ns a byte there, Conscrypt's 1 ns and 5 us a call.
final class Ciphers {
  private static final Logger LOG = LoggerFactory.getLogger(Ciphers.class);
  private static final String AES_GCM = "AES/GCM/NoPadding";

  private static final Provider PROVIDER = provider();

  private Ciphers() {}

  /// Not yet initialised.
  static Cipher aesGcm() throws GeneralSecurityException {
    return Cipher.getInstance(AES_GCM, PROVIDER);
  }

  private static Provider provider() {
    try {
      Conscrypt.checkAvailability();
      return Conscrypt.newProvider();
    } catch (UnsatisfiedLinkError noLibrary) {
      LOG.info("entries are sealed by Java's own AES: {}", noLibrary.toString());
      return Security.getProvider("SunJCE");
    }
  }
}
