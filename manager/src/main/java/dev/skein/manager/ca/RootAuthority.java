package dev.skein.manager.ca;

import dev.skein.manager.auth.NodeSubject;
import dev.skein.proto.v1.RootCa;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// The root of one cluster's certificates: signs for its nodes. Immutable; safe to share.
///
/// Lifetimes and the hour of backdating (for clocks that disagree) are SwarmKit's.
public final class RootAuthority {

  private static final Duration ROOT_EXPIRY = Duration.ofDays(20 * 365);
  private static final Duration BACKDATED = Duration.ofHours(1);
  private static final int SERIAL_BITS = 127;

  private final X509Certificate certificate;
  private final PrivateKey key;
  private final SecureRandom random;

  private RootAuthority(X509Certificate certificate, PrivateKey key, SecureRandom random) {
    this.certificate = certificate;
    this.key = key;
    this.random = random;
  }

  /// Makes the root of a new cluster.
  public static RootCa create(Instant now, SecureRandom random) {
    var keys = CertificateRequest.newKeyPair();
    var subject = new X500Principal("CN=swarm-ca");
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              subject,
              serial(random),
              Date.from(now.minus(BACKDATED)),
              Date.from(now.plus(ROOT_EXPIRY)),
              subject,
              keys.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      var certificate = Pem.encode(Pem.CERTIFICATE, sign(builder, keys.getPrivate()).getEncoded());
      return RootCa.newBuilder()
          .setCertificate(certificate)
          .setKey(Pem.encode(Pem.PRIVATE_KEY, keys.getPrivate().getEncoded()))
          .setDigest(JoinToken.digestOf(certificate))
          .build();
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The authority with a cluster's root.
  ///
  /// @throws IllegalArgumentException if the root cannot be read
  public static RootAuthority of(RootCa root, SecureRandom random) {
    return new RootAuthority(
        Pem.certificates(root.getCertificate()).getFirst(), Pem.privateKey(root.getKey()), random);
  }

  /// Signs a certificate for a node, as client and as server.
  ///
  /// @param request a PKCS#10 request, PEM
  /// @param expiry how long it is valid from `now`
  /// @return the certificate, PEM
  /// @throws IllegalArgumentException if the request is not in order
  public String issue(String request, NodeSubject subject, Instant now, Duration expiry) {
    return issue(CertificateRequest.verify(request), subject, now, expiry);
  }

  private String issue(PublicKey holder, NodeSubject subject, Instant now, Duration expiry) {
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              certificate.getSubjectX500Principal(),
              serial(random),
              Date.from(now.minus(BACKDATED).truncatedTo(ChronoUnit.SECONDS)),
              Date.from(now.plus(expiry)),
              subject.toPrincipal(),
              holder);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(
              new GeneralName[] {
                new GeneralName(GeneralName.dNSName, subject.nodeId()),
                new GeneralName(GeneralName.dNSName, subject.organizationalUnit())
              }));
      return Pem.encode(Pem.CERTIFICATE, sign(builder, key).getEncoded());
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey key)
      throws GeneralSecurityException {
    try {
      var signer =
          new JcaContentSignerBuilder(CertificateRequest.SIGNATURE)
              .setProvider(CertificateRequest.PROVIDER)
              .build(key);
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static BigInteger serial(SecureRandom random) {
    return new BigInteger(SERIAL_BITS, random).setBit(0);
  }
}
