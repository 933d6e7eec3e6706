package dev.skein.manager.ca;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.bouncycastle.util.io.pem.PemWriter;

/// PEM text and what it stands for.
public final class Pem {

  public static final String CERTIFICATE = "CERTIFICATE";
  public static final String PRIVATE_KEY = "PRIVATE KEY";
  public static final String CERTIFICATE_REQUEST = "CERTIFICATE REQUEST";

  private Pem() {}

  public static String encode(String type, byte[] der) {
    var text = new StringWriter();
    try (var writer = new PemWriter(text)) {
      writer.writeObject(new PemObject(type, der));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /// The content of the one object in `pem`.
  ///
  /// @throws IllegalArgumentException if `pem` does not hold one object of that type
  public static byte[] decode(String type, String pem) {
    try (var reader = new PemReader(new StringReader(pem))) {
      var object = reader.readPemObject();
      if (object == null || !object.getType().equals(type)) {
        throw new IllegalArgumentException("not a PEM text of type " + type);
      }
      return object.getContent();
    } catch (IOException e) {
      throw new IllegalArgumentException("unreadable PEM text of type " + type, e);
    }
  }

  /// All certificates in `pem`, in order.
  ///
  /// @throws IllegalArgumentException if there is none, or one cannot be read
  public static List<X509Certificate> certificates(String pem) {
    try {
      var read =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
      if (read.isEmpty()) {
        throw new IllegalArgumentException("no certificate in this PEM text");
      }
      return read.stream().map(X509Certificate.class::cast).toList();
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("unreadable certificate", e);
    }
  }

  /// An EC private key in PKCS#8.
  ///
  /// @throws IllegalArgumentException if it cannot be read; the message holds nothing of the key
  public static PrivateKey privateKey(String pem) {
    try {
      return KeyFactory.getInstance("EC")
          .generatePrivate(new PKCS8EncodedKeySpec(decode(PRIVATE_KEY, pem)));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("unreadable private key", e);
    }
  }
}
