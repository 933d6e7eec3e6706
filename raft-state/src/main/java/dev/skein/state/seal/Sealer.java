package dev.skein.state.seal;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/// Seals and opens single records with AES-256-GCM.
///
/// Layout: version (1 byte), kind (1), data key id (4, big-endian), nonce (12, random), ciphertext,
/// tag (16). The first six bytes are authenticated as associated data, so a record of one kind is
/// refused where another is expected. With random 96-bit nonces a data key should seal fewer than
/// 2^32 records (NIST SP 800-38D, 8.3); rotate it well before. Thread-safe.
public final class Sealer {
  /// What a record is, so that one cannot be passed off as another.
  public enum Kind {
    /// One Raft log entry.
    LOG_ENTRY(1),
    /// One wrapped data key in a key file.
    DATA_KEY(2),
    /// A snapshot stream.
    SNAPSHOT(3);

    final byte code;

    Kind(int code) {
      this.code = (byte) code;
    }
  }

  static final byte VERSION = 1;
  static final int NONCE_BYTES = 12;
  static final int TAG_BYTES = 16;
  private static final int AAD_BYTES = 6;
  private static final int HEADER_BYTES = AAD_BYTES + NONCE_BYTES;

  /// Bytes that sealing adds to a record.
  public static final int OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

  private final Keyring keyring;
  private final SecureRandom random;

  /// @param keyring read at every call, so a rotation takes effect at once
  /// @param random source of nonces
  public Sealer(Keyring keyring, SecureRandom random) {
    this.keyring = keyring;
    this.random = random;
  }

  /// Seals a record under the active data key.
  public byte[] seal(Kind kind, byte[] plain) {
    Map.Entry<Integer, SecretKey> active = keyring.active();
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    byte[] sealed = new byte[OVERHEAD_BYTES + plain.length];
    ByteBuffer.wrap(sealed).put(VERSION).put(kind.code).putInt(active.getKey()).put(nonce);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, active.getValue(), nonce);
      cipher.updateAAD(sealed, 0, AAD_BYTES);
      cipher.doFinal(plain, 0, plain.length, sealed, HEADER_BYTES);
      return sealed;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM is not usable on this JVM", e);
    }
  }

  /// Opens a record.
  ///
  /// @throws SealException if it was altered, is of another kind or a newer format, or its key is
  ///     not in the keyring
  public byte[] open(Kind kind, byte[] sealed) throws SealException {
    if (sealed.length < OVERHEAD_BYTES) {
      throw new SealException("sealed record is truncated to " + sealed.length + " bytes");
    }
    checkVersion(sealed[0]);
    if (sealed[1] != kind.code) {
      throw new SealException("sealed record is of kind " + sealed[1] + ", not " + kind);
    }
    SecretKey key = requireKey(ByteBuffer.wrap(sealed).getInt(2));
    try {
      byte[] nonce = Arrays.copyOfRange(sealed, AAD_BYTES, HEADER_BYTES);
      Cipher cipher = cipher(Cipher.DECRYPT_MODE, key, nonce);
      cipher.updateAAD(sealed, 0, AAD_BYTES);
      return cipher.doFinal(sealed, HEADER_BYTES, sealed.length - HEADER_BYTES);
    } catch (AEADBadTagException e) {
      throw new SealException(kind + " record was altered or sealed under another key", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM is not usable on this JVM", e);
    }
  }

  Keyring keyring() {
    return keyring;
  }

  SecureRandom random() {
    return random;
  }

  SecretKey requireKey(int id) throws SealException {
    SecretKey key = keyring.key(id);
    if (key == null) {
      throw new SealException(
          "data key " + id + " is not in the keyring; restore the key file that belongs to it");
    }
    return key;
  }

  static void checkVersion(byte version) throws SealException {
    if (version > VERSION) {
      throw new SealException(
          "sealed with format " + version + ", newer than " + VERSION + "; use a newer program");
    }
    if (version != VERSION) {
      throw new SealException("sealed data starts with unknown format " + version);
    }
  }

  static Cipher cipher(int mode, SecretKey key, byte[] nonce) throws GeneralSecurityException {
    Cipher cipher = Ciphers.aesGcm();
    cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
    return cipher;
  }
}
