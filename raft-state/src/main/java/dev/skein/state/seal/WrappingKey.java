package dev.skein.state.seal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.Set;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/// The key that wraps the data keys: kept in a local file, or entered by an operator to unlock.
///
/// @param id names the kind of key in error messages, for example `local`; not secret
/// @param key AES-256
public record WrappingKey(String id, SecretKey key) {
  /// A wrapping key from 32 bytes.
  public static WrappingKey of(String id, byte[] bytes) {
    if (bytes.length != Keyring.KEY_BYTES) {
      throw new IllegalArgumentException(
          "wrapping key " + id + " has " + bytes.length + " bytes instead of " + Keyring.KEY_BYTES);
    }
    return new WrappingKey(id, new SecretKeySpec(bytes, "AES"));
  }

  /// Reads the local wrapping key, or makes it, mode 0600, when the file does not exist.
  ///
  /// @throws IOException if the file is unreadable, has another length, or others may read it
  public static WrappingKey localFile(Path file, SecureRandom random) throws IOException {
    if (!Files.exists(file)) {
      byte[] fresh = new byte[Keyring.KEY_BYTES];
      random.nextBytes(fresh);
      DurableFile.write(file, fresh);
    }
    Set<PosixFilePermission> forbidden = EnumSet.allOf(PosixFilePermission.class);
    forbidden.removeAll(
        EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
    forbidden.retainAll(Files.getPosixFilePermissions(file));
    if (!forbidden.isEmpty()) {
      throw new IOException("key file " + file + " is open to others; run: chmod 600 " + file);
    }
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length != Keyring.KEY_BYTES) {
      throw new IOException(
          "key file " + file + " has " + bytes.length + " bytes instead of " + Keyring.KEY_BYTES);
    }
    return of("local", bytes);
  }

  @Override
  public String toString() {
    return "WrappingKey[" + id + "]";
  }
}
