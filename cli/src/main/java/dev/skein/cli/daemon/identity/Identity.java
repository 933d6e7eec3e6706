package dev.skein.cli.daemon.identity;

import dev.skein.manager.auth.NodeSubject;
import dev.skein.manager.ca.Pem;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/// A node's private key, the certificate for it, and the root that the cluster trusts.
public record Identity(PrivateKey key, X509Certificate certificate, X509Certificate root) {

  public NodeSubject subject() {
    return NodeSubject.of(certificate);
  }

  /// Reads an identity from its parts.
  ///
  /// @throws IllegalArgumentException if a part cannot be read, or the certificate is not of `root`
  public static Identity parse(PrivateKey key, String certificate, String root) {
    var identity =
        new Identity(
            key, Pem.certificates(certificate).getFirst(), Pem.certificates(root).getFirst());
    TrustedSubject.requireSignedBy(identity.root, identity.certificate);
    return identity;
  }
}
