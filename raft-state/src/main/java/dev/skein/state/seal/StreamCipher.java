package dev.skein.state.seal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;

/// The chunk cipher that the sealing and the opening stream share: the STREAM construction (Hoang,
/// Reyhanitabar, Rogaway, Vizár 2015). Each stream has a key of its own, derived by HKDF-SHA-256
/// from the data key and a random salt, so a nonce can simply be the chunk's number and a flag that
/// marks the last chunk: reordering, repeating, dropping and truncating all fail authentication.
final class StreamCipher {
  static final byte[] MAGIC = "SKEINSEA".getBytes(StandardCharsets.US_ASCII);
  static final int SALT_BYTES = 16;
  static final int HEADER_BYTES = MAGIC.length + 1 + 1 + Integer.BYTES + SALT_BYTES;

  /// Plain bytes in every chunk but the last.
  static final int CHUNK_BYTES = 64 * 1024;

  private final SecretKey key;
  private final byte[] header;
  private long chunk;

  StreamCipher(SecretKey dataKey, byte[] header) {
    this.header = header.clone();
    byte[] salt = new byte[SALT_BYTES];
    ByteBuffer.wrap(header).get(HEADER_BYTES - SALT_BYTES, salt);
    try {
      this.key =
          KDF.getInstance("HKDF-SHA256")
              .deriveKey(
                  "AES",
                  HKDFParameterSpec.ofExtract()
                      .addIKM(dataKey)
                      .addSalt(salt)
                      .thenExpand("skein stream".getBytes(StandardCharsets.US_ASCII), 32));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HKDF-SHA-256 is not usable on this JVM", e);
    }
  }

  /// Encrypts or decrypts the next chunk.
  byte[] next(int mode, byte[] data, int length, boolean last) throws GeneralSecurityException {
    ByteBuffer nonce = ByteBuffer.allocate(Sealer.NONCE_BYTES);
    nonce.putLong(3, chunk++).put(11, (byte) (last ? 1 : 0));
    Cipher cipher = Sealer.cipher(mode, key, nonce.array());
    cipher.updateAAD(header);
    return cipher.doFinal(data, 0, length);
  }
}
