package dev.skein.state.ratis;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// Self-signed certificates made by the JDK's keytool, and a trust manager that knows its members.
final class TestCertificates {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private final Path directory;
  private final Set<X509Certificate> trusted = ConcurrentHashMap.newKeySet();

  TestCertificates(Path directory) {
    this.directory = directory;
  }

  /// A fresh identity that the others trust.
  RaftTls member(String name) {
    return tls(name, true);
  }

  /// A fresh identity that nobody knows.
  RaftTls stranger(String name) {
    return tls(name, false);
  }

  private RaftTls tls(String name, boolean known) {
    try {
      Path file = directory.resolve(name + ".p12");
      List<String> command =
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
              "-genkeypair",
              "-alias",
              "node",
              "-keyalg",
              "EC",
              "-groupname",
              "secp256r1",
              "-dname",
              "CN=" + name,
              "-validity",
              "2",
              "-storetype",
              "PKCS12",
              "-keystore",
              file.toString(),
              "-storepass",
              new String(PASSWORD));
      Process keytool =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("keytool.log").toFile())
              .start();
      if (!keytool.waitFor(30, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
        throw new AssertionError(Files.readString(directory.resolve("keytool.log")));
      }
      KeyStore store = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(file)) {
        store.load(in, PASSWORD);
      }
      if (known) {
        trusted.add((X509Certificate) store.getCertificate("node"));
      }
      KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
      factory.init(store, PASSWORD);
      return new RaftTls(
          (X509ExtendedKeyManager) factory.getKeyManagers()[0], new MemberTrust(trusted));
    } catch (IOException | GeneralSecurityException | InterruptedException e) {
      throw new AssertionError("cannot make a certificate for " + name, e);
    }
  }

  private static final class MemberTrust extends X509ExtendedTrustManager {
    private final Set<X509Certificate> trusted;

    MemberTrust(Set<X509Certificate> trusted) {
      this.trusted = trusted;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
      if (!trusted.contains(chain[0])) {
        throw new CertificateException(chain[0].getSubjectX500Principal() + " is no member");
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
