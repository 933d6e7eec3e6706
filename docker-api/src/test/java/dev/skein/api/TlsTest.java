package dev.skein.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The TLS listener lets in who has a certificate of its CA, and nobody else.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TlsTest {
  @TempDir Path directory;
  private TestAuthority ours;
  private TestAuthority theirs;
  private ApiFixture api;
  private InetSocketAddress address;

  @BeforeEach
  void start() throws Exception {
    ours = new TestAuthority("ours");
    theirs = new TestAuthority("theirs");
    ours.issue("server").write(directory, "server");
    api =
        ApiFixture.withTls(
            new ApiConfig.Tls(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Files.writeString(directory.resolve("ca.pem"), ours.pem()),
                directory.resolve("server.pem"),
                directory.resolve("server.key")));
    var bound = api.api.tlsAddress();
    if (bound == null) {
      throw new AssertionError("not listening over TLS");
    }
    address = bound;
  }

  @AfterEach
  void stop() throws Exception {
    api.close();
  }

  private HttpClientSocket connect(TestAuthority.@Nullable Identity identity, String protocol)
      throws Exception {
    var socket =
        (SSLSocket)
            ours.clientContext(identity)
                .getSocketFactory()
                .createSocket(address.getAddress(), address.getPort());
    socket.setEnabledProtocols(new String[] {protocol});
    socket.startHandshake();
    return HttpClientSocket.of(socket);
  }

  @Test
  void aClientOfTheRightAuthorityIsAnswered() throws Exception {
    try (var client = connect(ours.issue("client"), "TLSv1.3")) {
      assertThat(client.get("/nodes").json().getAsJsonArray()).hasSize(1);
    }
  }

  @Test
  void aClientWithoutACertificateIsRefused() {
    // In TLS 1.3 the client learns it with its first read.
    assertThatThrownBy(
            () -> {
              try (var client = connect(null, "TLSv1.3")) {
                client.get("/nodes");
              }
            })
        .isInstanceOf(IOException.class);
  }

  @Test
  void aClientOfAnotherAuthorityIsRefused() {
    assertThatThrownBy(
            () -> {
              try (var client = connect(theirs.issue("client"), "TLSv1.3")) {
                client.get("/nodes");
              }
            })
        .isInstanceOf(IOException.class);
  }

  @Test
  void olderTlsIsRefused() {
    assertThatThrownBy(() -> connect(ours.issue("client"), "TLSv1.2"))
        .isInstanceOf(SSLException.class);
  }

  @Test
  void plainHttpIsNotAnswered() throws Exception {
    try (var client = HttpClientSocket.of(new Socket(address.getAddress(), address.getPort()))) {
      client.send("GET /nodes HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThatThrownBy(client::read).isInstanceOfAny(IOException.class, RuntimeException.class);
    }
    assertThat(api.connect().get("/_ping").status()).isEqualTo(200);
  }

  @Test
  void dockersCliConnectsWithItsCertificate() throws Exception {
    ours.issue("client").write(directory, "client");
    var docker = new DockerCli(api.socket);
    var tls =
        new String[] {
          "--host",
          "tcp://127.0.0.1:" + address.getPort(),
          "--tlsverify",
          "--tlscacert",
          directory.resolve("ca.pem").toString(),
          "--tlscert",
          directory.resolve("client.pem").toString(),
          "--tlskey",
          directory.resolve("client.key").toString(),
          "node",
          "ls"
        };
    assertThat(docker.ok(tls)).contains("m1", "Leader");
  }

  @Test
  void filesWithoutCertificatesAreRefusedByName() throws Exception {
    var empty = Files.writeString(directory.resolve("empty.pem"), "");
    assertThatThrownBy(
            () ->
                ApiFixture.withTls(
                    new ApiConfig.Tls(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        empty,
                        empty,
                        empty)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("empty.pem");
  }
}
