package dev.skein.cli.daemon.identity;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/// What a node without a certificate trusts while it joins: at first any server, as nothing is told
/// to it and its answer is checked against the token; then servers of the root so learnt.
final class JoinTrust extends ChainTrust {

  private final @Nullable X509Certificate root;

  private JoinTrust(@Nullable X509Certificate root) {
    this.root = root;
  }

  static JoinTrust anyServer() {
    return new JoinTrust(null);
  }

  static JoinTrust serversOf(X509Certificate root) {
    return new JoinTrust(root);
  }

  @Override
  void checkClient(X509Certificate certificate) throws CertificateException {
    throw new CertificateException("a joining node serves nobody");
  }

  @Override
  void checkServer(X509Certificate certificate) throws CertificateException {
    if (root == null) {
      return;
    }
    try {
      TrustedSubject.requireSignedBy(root, certificate);
    } catch (IllegalArgumentException e) {
      throw new CertificateException(e.getMessage(), e);
    }
  }
}
