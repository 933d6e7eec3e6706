package dev.skein.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import dev.skein.cli.train.CannedDaemon;
import dev.skein.cli.train.CannedDaemon.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EngineClientTest {
  @TempDir Path directory;

  @Test
  void aConnectionIsUsedAgainAfterAChunkedAnswer() throws IOException {
    Path socket = directory.resolve("s");
    try (CannedDaemon daemon =
            new CannedDaemon(
                socket,
                request ->
                    Answer.stream(
                        "application/json",
                        "[1,2,3,\"a longer one\"]".getBytes(StandardCharsets.UTF_8)));
        EngineClient client = new EngineClient(Endpoint.unix(socket), null)) {
      assertThat(client.list("/a")).hasSize(4);
      assertThat(client.list("/b")).hasSize(4);
      assertThat(daemon.requests()).hasSize(2);
    }
  }

  @Test
  void aDaemonThatDoesNotAnswerIsGivenUpInTime() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        EngineClient client =
            new EngineClient(new Endpoint.Tcp("127.0.0.1", silent.getLocalPort()), null, 1)) {
      assertThatThrownBy(() -> client.object("/info"))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("did not answer within 1 s");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        ""
      })
  void aBrokenAnswerIsReportedAsSuch(String answer) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        EngineClient client =
            new EngineClient(new Endpoint.Tcp("127.0.0.1", server.getLocalPort()), null)) {
      Thread peer = Thread.ofPlatform().start(() -> answerOnce(server, answer));
      assertThatThrownBy(() -> client.object("/info"))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("The connection to the daemon at tcp://127.0.0.1:");
      peer.join();
    }
  }

  private static void answerOnce(ServerSocket server, String answer) {
    try (Socket socket = server.accept()) {
      // The request is read first: closing with unread bytes would reset the answer away.
      while (socket.getInputStream().read() != '\n' || socket.getInputStream().read() != '\r') {
        assertThat(socket.isClosed()).isFalse();
      }
      socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "unix:///a/b,unix:///a/b",
    "/a/b,unix:///a/b",
    "tcp://h,tcp://h:2376",
    "tcp://h:1,tcp://h:1",
    "tcp://[::1]:5,tcp://[::1]:5",
    "tcp://[::1],tcp://[::1]:2376"
  })
  void endpointsHaveSeveralForms(String text, String expected) {
    assertThat(Endpoint.parse(text)).hasToString(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"unix://", "h:1", "tcp://", "tcp://h:0", "tcp://h:70000", "tcp://h:x", "http://h"})
  void aBadEndpointIsNamed(String text) {
    assertThatThrownBy(() -> Endpoint.parse(text)).hasMessageContaining("\"" + text + "\"");
  }

  @Test
  void theDefaultEndpointIsTheUsersOwn() {
    assertThat(Endpoint.of(null, Map.of(), true)).hasToString("unix:///run/skein/skein.sock");
    assertThat(Endpoint.of(null, Map.of("XDG_RUNTIME_DIR", "/run/user/7"), false))
        .hasToString("unix:///run/user/7/skein/skein.sock");
    assertThat(Endpoint.of("tcp://a:1", Map.of("SKEIN_HOST", "tcp://b:1"), true))
        .hasToString("tcp://a:1");
    assertThatThrownBy(() -> Endpoint.of(null, Map.of(), false)).hasMessageContaining("SKEIN_HOST");
  }

  @Test
  void queriesAreEncoded() {
    assertThat(Query.of("/services", "a/b c").with("x", "é&").filters(Map.of("k", List.of("v"))))
        .hasToString("/services/a%2Fb%20c?x=%C3%A9%26&filters=%7B%22k%22%3A%5B%22v%22%5D%7D");
  }

  @Test
  void aTcpEndpointIsSpokenToWithCertificatesOfBothSides() throws Exception {
    keytool(
        "-genkeypair",
        "-alias",
        "x",
        "-keyalg",
        "EC",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=ip:127.0.0.1",
        "-validity",
        "2");
    KeyStore store =
        KeyStore.getInstance(directory.resolve("k.p12").toFile(), "secret".toCharArray());
    pem("cert.pem", "CERTIFICATE", store.getCertificate("x").getEncoded());
    pem("ca.pem", "CERTIFICATE", store.getCertificate("x").getEncoded());
    pem("key.pem", "PRIVATE KEY", store.getKey("x", "secret".toCharArray()).getEncoded());
    try (SSLServerSocket server = tlsServer(store)) {
      Thread peer =
          Thread.ofPlatform()
              .start(() -> answerOnce(server, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[7]"));
      TlsFiles files =
          TlsFiles.of(null, null, null, Map.of("SKEIN_CERT_PATH", directory.toString()));
      try (EngineClient client =
          new EngineClient(new Endpoint.Tcp("127.0.0.1", server.getLocalPort()), files)) {
        JsonArray expected = new JsonArray();
        expected.add(7L);
        assertThat(client.list("/x")).isEqualTo(expected);
      }
      peer.join();
    }
    assertThatThrownBy(() -> TlsFiles.of("ca", null, null, Map.of()))
        .hasMessageContaining("--tlscert");
  }

  private static SSLServerSocket tlsServer(KeyStore store) throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, "secret".toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("x", store.getCertificate("x"));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    SSLServerSocket server =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 5, InetAddress.getLoopbackAddress());
    server.setNeedClientAuth(true);
    return server;
  }

  private void keytool(String... options) throws Exception {
    List<String> command = new java.util.ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-keystore",
            directory.resolve("k.p12").toString(),
            "-storetype",
            "PKCS12",
            "-storepass",
            "secret"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  private void pem(String name, String kind, byte[] der) throws IOException {
    Files.writeString(
        directory.resolve(name),
        "-----BEGIN "
            + kind
            + "-----\n"
            + Base64.getMimeEncoder().encodeToString(der)
            + "\n-----END "
            + kind
            + "-----\n");
  }
}
