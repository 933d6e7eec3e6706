package dev.skein.cli.daemon.identity;

import dev.skein.manager.auth.NodeSubject;
import dev.skein.state.seal.BoringSsl;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;

/// Decides whether a certificate is that of a member of this cluster, now.
final class TrustedSubject {

  private static final Provider SIGNATURES = BoringSsl.orJavas("SunEC");

  private TrustedSubject() {}

  /// The subject of `certificate`.
  ///
  /// @throws CertificateException if it is not signed by `root`, not in date, or of another cluster
  static NodeSubject of(
      X509Certificate certificate, X509Certificate root, String clusterId, Instant now)
      throws CertificateException {
    NodeSubject subject;
    try {
      requireSignedBy(root, certificate);
      subject = NodeSubject.of(certificate);
    } catch (IllegalArgumentException e) {
      throw new CertificateException(e.getMessage(), e);
    }
    if (now.isAfter(certificate.getNotAfter().toInstant())) {
      throw new CertificateException(
          "the certificate of node %s expired on %s (the time here is %s)"
              .formatted(subject.nodeId(), certificate.getNotAfter().toInstant(), now));
    }
    if (now.isBefore(certificate.getNotBefore().toInstant())) {
      throw new CertificateException(
          "the certificate of node %s is valid from %s only (the time here is %s)"
              .formatted(subject.nodeId(), certificate.getNotBefore().toInstant(), now));
    }
    if (!subject.clusterId().equals(clusterId)) {
      throw new CertificateException(
          "node %s is a member of cluster %s, not of %s"
              .formatted(subject.nodeId(), subject.clusterId(), clusterId));
    }
    return subject;
  }

  static void requireSignedBy(X509Certificate root, X509Certificate certificate) {
    try {
      certificate.verify(root.getPublicKey(), SIGNATURES);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("certificate signed by an unknown authority", e);
    }
    if (certificate.getBasicConstraints() >= 0) {
      throw new IllegalArgumentException("an authority's certificate in the place of a node's");
    }
  }
}
