package dev.skein.state.seal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The file that keeps the data keys, each wrapped with AES-256-GCM under a [WrappingKey].
///
/// Text, one item a line: `skein-keys 1`, `active ID`, `key ID BASE64`. Replaced atomically and
/// durably, mode 0600. Changing the wrapping key (an operator's unlock key, for example) is `load`
/// with the old one and `save` with the new one; the data stays as it is.
public final class KeyFile {
  private static final String HEADER = "skein-keys ";
  private static final int FORMAT = 1;

  private KeyFile() {}

  /// Writes all keys of the keyring.
  public static void save(Path file, Keyring keyring, WrappingKey wrapping, SecureRandom random)
      throws IOException {
    Sealer sealer = wrapper(wrapping, random);
    StringBuilder text = new StringBuilder(HEADER).append(FORMAT).append('\n');
    text.append("active ").append(keyring.activeId()).append('\n');
    keyring
        .export()
        .forEach(
            (id, key) ->
                text.append("key ")
                    .append(id)
                    .append(' ')
                    .append(Base64.getEncoder().encodeToString(wrap(sealer, id, key)))
                    .append('\n'));
    DurableFile.write(file, text.toString().getBytes(StandardCharsets.US_ASCII));
  }

  /// Reads the keyring back.
  ///
  /// @throws SealException if the wrapping key is not the one, or the file is damaged or newer
  public static Keyring load(Path file, WrappingKey wrapping, SecureRandom random)
      throws IOException {
    List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
    try {
      checkFormat(file, lines.isEmpty() ? "" : lines.getFirst());
      Sealer sealer = wrapper(wrapping, random);
      int active = 0;
      Map<Integer, byte[]> keys = new TreeMap<>();
      for (String line : lines.subList(1, lines.size())) {
        String[] words = line.split(" ", -1);
        if (words.length == 2 && words[0].equals("active")) {
          active = Integer.parseInt(words[1]);
        } else if (words.length == 3 && words[0].equals("key")) {
          int id = Integer.parseInt(words[1]);
          keys.put(id, unwrap(sealer, id, Base64.getDecoder().decode(words[2])));
        } else {
          throw new SealException("key file " + file + " has an unknown line");
        }
      }
      return Keyring.of(active, keys);
    } catch (SealException e) {
      throw new SealException(
          "key file "
              + file
              + " does not open with the "
              + wrapping.id()
              + " key: "
              + e.getMessage(),
          e);
    } catch (IllegalArgumentException e) {
      throw new SealException("key file " + file + " is damaged", e);
    }
  }

  private static void checkFormat(Path file, String header) throws SealException {
    if (!header.startsWith(HEADER)) {
      throw new SealException(file + " is not a key file");
    }
    int format = Integer.parseInt(header.substring(HEADER.length()));
    if (format != FORMAT) {
      throw new SealException("format " + format + " is not " + FORMAT + "; use a newer program");
    }
  }

  private static Sealer wrapper(WrappingKey wrapping, SecureRandom random) {
    return new Sealer(Keyring.of(1, Map.of(1, wrapping.key().getEncoded())), random);
  }

  /// The key's id is sealed with it, so that two keys of one file cannot be exchanged.
  private static byte[] wrap(Sealer sealer, int id, byte[] key) {
    byte[] plain = ByteBuffer.allocate(4 + key.length).putInt(id).put(key).array();
    return sealer.seal(Sealer.Kind.DATA_KEY, plain);
  }

  private static byte[] unwrap(Sealer sealer, int id, byte[] wrapped) throws SealException {
    byte[] plain = sealer.open(Sealer.Kind.DATA_KEY, wrapped);
    ByteBuffer fields = ByteBuffer.wrap(plain);
    if (plain.length != 4 + Keyring.KEY_BYTES || fields.getInt() != id) {
      throw new SealException("key " + id + " is not the one that was stored under this id");
    }
    byte[] key = new byte[Keyring.KEY_BYTES];
    fields.get(key);
    return key;
  }
}
