package dev.skein.state.seal;

import java.security.GeneralSecurityException;
import java.security.Provider;
import javax.crypto.Cipher;

/// Which implementation of AES-GCM seals: [BoringSsl]'s, or else Java's. Both write and read the
/// same bytes.
final class Ciphers {
  private static final String AES_GCM = "AES/GCM/NoPadding";
  private static final Provider PROVIDER = BoringSsl.orJavas("SunJCE");

  private Ciphers() {}

  /// Not yet initialised.
  static Cipher aesGcm() throws GeneralSecurityException {
    return Cipher.getInstance(AES_GCM, PROVIDER);
  }
}
