package dev.skein.cli.daemon.identity;

import dev.skein.manager.ca.Pem;
import dev.skein.state.seal.BoringSsl;
import dev.skein.state.seal.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.util.Optional;

/// The identity on disk: one file, replaced as a whole, so that key, certificate and root always
/// belong together.
public final class IdentityStore {

  private final Path file;

  public IdentityStore(Path file) {
    this.file = file;
  }

  /// Replaces the identity, durably; only the owner can read it.
  public void save(Identity identity) throws IOException {
    try {
      var text =
          Pem.encode(Pem.PRIVATE_KEY, identity.key().getEncoded())
              + Pem.encode(Pem.CERTIFICATE, identity.certificate().getEncoded())
              + Pem.encode(Pem.CERTIFICATE, identity.root().getEncoded());
      DurableFile.write(file, text.getBytes(StandardCharsets.US_ASCII));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The identity that was saved last; empty if there is none.
  ///
  /// @throws IOException if there is one but it cannot be used; the message names the file
  public Optional<Identity> load() throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      var text = Files.readString(file);
      var certificates =
          Pem.certificates(text.substring(Math.max(0, text.indexOf("-----BEGIN CERTIFICATE"))));
      if (certificates.size() != 2) {
        throw new IllegalArgumentException(certificates.size() + " certificates instead of two");
      }
      var identity =
          new Identity(Pem.privateKey(text), certificates.getFirst(), certificates.getLast());
      TrustedSubject.requireSignedBy(identity.root(), identity.certificate());
      requireKeyOf(identity);
      return Optional.of(identity);
    } catch (IllegalArgumentException e) {
      throw new IOException("the node's identity in " + file + " is damaged: " + e.getMessage(), e);
    }
  }

  private static void requireKeyOf(Identity identity) {
    try {
      var probe = new byte[] {1, 2, 3, 4};
      var signature = Signature.getInstance("SHA256withECDSA", BoringSsl.orJavas("SunEC"));
      signature.initSign(identity.key());
      signature.update(probe);
      var signed = signature.sign();
      signature.initVerify(identity.certificate());
      signature.update(probe);
      if (!signature.verify(signed)) {
        throw new IllegalArgumentException("the private key is not the certificate's");
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the private key cannot be used", e);
    }
  }
}
