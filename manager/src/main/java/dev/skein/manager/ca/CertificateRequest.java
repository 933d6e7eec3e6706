package dev.skein.manager.ca;

import dev.skein.state.seal.BoringSsl;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/// Key pairs (ECDSA P-256) and the PKCS#10 requests by which a node shows that it holds one.
public final class CertificateRequest {

  static final String SIGNATURE = "SHA256withECDSA";
  /// Signs and verifies.
  static final Provider PROVIDER = BoringSsl.orJavas("SunEC");

  private static final String CURVE = "secp256r1";
  private static final int CURVE_BITS = 256;
  private static final int PEM_CHARS_MAX = 8 * 1024;

  private CertificateRequest() {}

  public static KeyPair newKeyPair() {
    try {
      var generator = KeyPairGenerator.getInstance("EC", PROVIDER);
      generator.initialize(new ECGenParameterSpec(CURVE));
      return generator.generateKeyPair();
    } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException e) {
      throw new IllegalStateException(e);
    }
  }

  /// A request for `keys` as PEM. Its subject means nothing: the authority decides who the node is.
  public static String create(KeyPair keys) {
    try {
      var signer =
          new JcaContentSignerBuilder(SIGNATURE).setProvider(PROVIDER).build(keys.getPrivate());
      var request =
          new JcaPKCS10CertificationRequestBuilder(
                  new X500Principal("CN=swarm-node"), keys.getPublic())
              .build(signer);
      return Pem.encode(Pem.CERTIFICATE_REQUEST, request.getEncoded());
    } catch (OperatorCreationException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The public key of a request whose signature proves possession of the private one.
  ///
  /// @throws IllegalArgumentException if it is malformed, not signed by its own key, or not P-256
  static PublicKey verify(String pem) {
    if (pem.length() > PEM_CHARS_MAX) {
      throw new IllegalArgumentException(
          "certificate request of " + pem.length() + " characters; the limit is " + PEM_CHARS_MAX);
    }
    try {
      var request = new JcaPKCS10CertificationRequest(Pem.decode(Pem.CERTIFICATE_REQUEST, pem));
      var key = request.getPublicKey();
      if (!(key instanceof ECPublicKey ec) || ec.getParams().getOrder().bitLength() != CURVE_BITS) {
        throw new IllegalArgumentException("certificate request with a key that is not P-256");
      }
      if (!request.isSignatureValid(
          new JcaContentVerifierProviderBuilder().setProvider(PROVIDER).build(key))) {
        throw new IllegalArgumentException("certificate request with a wrong signature");
      }
      return key;
    } catch (IOException | GeneralSecurityException | OperatorCreationException | PKCSException e) {
      throw new IllegalArgumentException("unreadable certificate request", e);
    }
  }
}
