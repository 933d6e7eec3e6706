package dev.skein.cli.daemon.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityStoreTest {

  private final TestAuthority authority =
      new TestAuthority("c1", Instant.parse("2026-03-01T12:00:00Z"));
  @TempDir private Path directory;
  private Path file;
  private IdentityStore store;

  @BeforeEach
  void open() {
    file = directory.resolve("identity.pem");
    store = new IdentityStore(file);
  }

  @Test
  void whatWasSavedIsLoadedAndOnlyItsOwnerMayReadIt() throws IOException {
    var identity = authority.worker("w1");

    store.save(identity);

    assertThat(store.load()).contains(identity);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void withoutAFileThereIsNoIdentity() throws IOException {
    assertThat(store.load()).isEmpty();
  }

  @Test
  void aKeyThatIsNotTheCertificatesIsRefused() throws IOException {
    store.save(authority.worker("w1"));
    var one = Files.readString(file);
    store.save(authority.worker("w2"));
    var other = Files.readString(file);
    var cut = one.indexOf("-----BEGIN CERTIFICATE");
    Files.writeString(
        file, one.substring(0, cut) + other.substring(other.indexOf("-----BEGIN CERTIFICATE")));

    assertThatThrownBy(store::load)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("the private key is not the certificate's");
  }

  @Test
  void aTruncatedFileIsRefusedByName() throws IOException {
    store.save(authority.worker("w1"));
    var text = Files.readString(file);
    Files.writeString(file, text.substring(0, text.length() / 2));

    assertThatThrownBy(store::load)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the node's identity in " + file + " is damaged");
  }
}
