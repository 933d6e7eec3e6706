package dev.skein.state.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SealTest {
  private static final int CHUNK = StreamCipher.CHUNK_BYTES;

  private final SecureRandom random = new SecureRandom();
  private final Keyring keyring = Keyring.generate(random);
  private final Sealer sealer = new Sealer(keyring, random);
  @TempDir Path directory;

  @Test
  void aRecordOpensOnlyUnchangedAndAsItsKind() throws Exception {
    byte[] plain = "secret".getBytes(StandardCharsets.UTF_8);
    byte[] sealed = sealer.seal(Sealer.Kind.LOG_ENTRY, plain);
    assertThat(sealed).hasSize(plain.length + Sealer.OVERHEAD_BYTES);
    assertThat(sealer.open(Sealer.Kind.LOG_ENTRY, sealed)).isEqualTo(plain);
    assertThat(sealer.seal(Sealer.Kind.LOG_ENTRY, plain)).isNotEqualTo(sealed);
    assertThatThrownBy(() -> sealer.open(Sealer.Kind.DATA_KEY, sealed))
        .isInstanceOf(SealException.class);
    for (int i = 0; i < sealed.length; i++) {
      byte[] altered = sealed.clone();
      altered[i] ^= 1;
      assertThatThrownBy(() -> sealer.open(Sealer.Kind.LOG_ENTRY, altered))
          .as("byte %s", i)
          .isInstanceOf(SealException.class);
      byte[] truncated = Arrays.copyOf(sealed, i);
      assertThatThrownBy(() -> sealer.open(Sealer.Kind.LOG_ENTRY, truncated))
          .isInstanceOf(SealException.class);
    }
  }

  /// A machine for which there is no library must read what another one wrote.
  @Test
  void bothImplementationsWriteTheSame() throws Exception {
    byte[] nonce = new byte[Sealer.NONCE_BYTES];
    random.nextBytes(nonce);
    SecretKey key = keyring.active().getValue();
    GCMParameterSpec parameters = new GCMParameterSpec(8 * Sealer.TAG_BYTES, nonce);
    for (int size : new int[] {0, 1, 1023, CHUNK}) {
      byte[] plain = new byte[size];
      random.nextBytes(plain);
      Cipher ours = Sealer.cipher(Cipher.ENCRYPT_MODE, key, nonce);
      assertThat(ours.getProvider().getName()).isEqualTo("Conscrypt");
      Cipher javas = Cipher.getInstance("AES/GCM/NoPadding", "SunJCE");
      javas.init(Cipher.ENCRYPT_MODE, key, parameters);
      assertThat(ours.doFinal(plain)).isEqualTo(javas.doFinal(plain));
    }
  }

  @Test
  void aRotatedKeyringStillOpensWhatAnOlderKeySealed() throws Exception {
    byte[] plain = {1, 2, 3};
    byte[] old = sealer.seal(Sealer.Kind.LOG_ENTRY, plain);
    byte[] key = new byte[Keyring.KEY_BYTES];
    random.nextBytes(key);
    keyring.add(2, key);
    keyring.activate(2);
    byte[] fresh = sealer.seal(Sealer.Kind.LOG_ENTRY, plain);
    assertThat(sealer.open(Sealer.Kind.LOG_ENTRY, old)).isEqualTo(plain);
    keyring.drop(1);
    assertThat(sealer.open(Sealer.Kind.LOG_ENTRY, fresh)).isEqualTo(plain);
    assertThatThrownBy(() -> sealer.open(Sealer.Kind.LOG_ENTRY, old))
        .isInstanceOf(SealException.class)
        .hasMessageContaining("data key 1");
    assertThatThrownBy(() -> keyring.drop(2)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7})
  void aStreamOfAnyLengthComesBackAndAnyTruncationIsNoticed(int length) throws Exception {
    byte[] plain = new byte[length];
    new Random(length).nextBytes(plain);
    byte[] sealed = sealStream(plain);
    assertThat(openStream(sealed)).isEqualTo(plain);
    for (int cut : new int[] {1, 16, 17, CHUNK + 16, sealed.length / 2}) {
      if (cut < sealed.length) {
        byte[] truncated = Arrays.copyOf(sealed, sealed.length - cut);
        assertThatThrownBy(() -> openStream(truncated)).isInstanceOf(SealException.class);
      }
    }
    for (int at = 0; at < sealed.length; at += Math.max(1, sealed.length / 50)) {
      byte[] altered = sealed.clone();
      altered[at] ^= 4;
      assertThatThrownBy(() -> openStream(altered)).isInstanceOf(SealException.class);
    }
    byte[] longer = Arrays.copyOf(sealed, sealed.length + 1);
    assertThatThrownBy(() -> openStream(longer)).isInstanceOf(SealException.class);
  }

  @Test
  void exchangedChunksAreNoticed() throws Exception {
    byte[] sealed = sealStream(new byte[3 * CHUNK]);
    int chunk = CHUNK + Sealer.TAG_BYTES;
    byte[] exchanged = sealed.clone();
    int first = StreamCipher.HEADER_BYTES;
    System.arraycopy(sealed, first, exchanged, first + chunk, chunk);
    System.arraycopy(sealed, first + chunk, exchanged, first, chunk);
    assertThatThrownBy(() -> openStream(exchanged)).isInstanceOf(SealException.class);
  }

  @Test
  void theKeyFileOpensOnlyWithItsWrappingKey() throws Exception {
    WrappingKey local = WrappingKey.localFile(directory.resolve("kek"), random);
    Path file = directory.resolve("keys");
    KeyFile.save(file, keyring, local, random);
    Keyring loaded =
        KeyFile.load(file, WrappingKey.localFile(directory.resolve("kek"), random), random);
    assertThat(loaded.activeId()).isEqualTo(1);
    byte[] sealed = sealer.seal(Sealer.Kind.LOG_ENTRY, new byte[] {7});
    assertThat(new Sealer(loaded, random).open(Sealer.Kind.LOG_ENTRY, sealed)).containsExactly(7);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    WrappingKey other = WrappingKey.localFile(directory.resolve("other"), random);
    assertThatThrownBy(() -> KeyFile.load(file, other, random))
        .isInstanceOf(SealException.class)
        .hasMessageContaining(file.toString());
    Files.writeString(file, "skein-keys 2\n");
    assertThatThrownBy(() -> KeyFile.load(file, local, random))
        .hasMessageContaining("newer program");
  }

  @Test
  void aWrappingKeyThatOthersCanReadIsRefused() throws Exception {
    Path file = directory.resolve("kek");
    WrappingKey.localFile(file, random);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> WrappingKey.localFile(file, random))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("chmod 600");
  }

  @Test
  void keysNeverShowInText() {
    byte[] key = Objects.requireNonNull(keyring.export().get(1));
    assertThat(keyring.toString()).isEqualTo("Keyring[active=1, ids=[1]]");
    assertThat(WrappingKey.of("local", key).toString()).isEqualTo("WrappingKey[local]");
  }

  private byte[] sealStream(byte[] plain) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (SealedOutputStream sealed = new SealedOutputStream(out, sealer, Sealer.Kind.SNAPSHOT)) {
      sealed.write(plain);
    }
    return out.toByteArray();
  }

  private byte[] openStream(byte[] sealed) throws IOException {
    try (InputStream in =
        new SealedInputStream(new ByteArrayInputStream(sealed), sealer, Sealer.Kind.SNAPSHOT)) {
      return in.readAllBytes();
    }
  }
}
