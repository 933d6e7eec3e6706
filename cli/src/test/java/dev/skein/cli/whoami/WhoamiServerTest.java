package dev.skein.cli.whoami;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WhoamiServerTest {
  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "SKEIN_NODE_HOSTNAME",
          "node-1",
          "SKEIN_SERVICE_NAME",
          "web",
          "SKEIN_TASK_SLOT",
          "2",
          "SKEIN_TASK_ID",
          "t1",
          "SKEIN_SERVICE_VERSION",
          "7");

  private final AtomicInteger exitCode = new AtomicInteger(-1);
  private final HttpClient http = HttpClient.newHttpClient();
  private WhoamiServer server;
  private Thread thread;

  @BeforeEach
  void start() throws IOException {
    server =
        new WhoamiServer(
            Identity.of(ENVIRONMENT),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            true,
            System::nanoTime,
            exitCode::set);
    thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    server.serve();
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                });
  }

  @AfterEach
  void stop() throws Exception {
    http.close();
    server.close();
    thread.join();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
  }

  @Test
  void itSaysWhichTaskAnsweredAndWhatWasAsked() throws Exception {
    assertThat(get("/a?b=c").body())
        .startsWith("Node: node-1\nNodeID: \nService: web\nSlot: 2\nTask: t1\nVersion: 7\nLocal: ")
        .contains("\nGET /a?b=c HTTP/1.1\n");
    assertThat(get("/?format=json").body())
        .startsWith("{\"Node\":\"node-1\",")
        .contains("\"Path\":\"/\"");
    assertThat(get("/health").body()).isEqualTo("ok\n");
  }

  @Test
  void slowAndCpuTakeTheirTimeWithinLimits() throws Exception {
    long start = System.nanoTime();
    assertThat(get("/slow?ms=50").statusCode()).isEqualTo(200);
    assertThat(get("/cpu?ms=50").statusCode()).isEqualTo(200);
    assertThat(System.nanoTime() - start).isGreaterThan(100_000_000L);
    HttpResponse<String> refused = get("/slow?ms=60001");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).isEqualTo("ms=60001 must be a whole number from 0 to 60000\n");
    assertThat(get("/cpu?ms=x").statusCode()).isEqualTo(400);
  }

  @Test
  void exitAnswersBeforeItEndsTheProcess() throws Exception {
    assertThat(get("/exit?code=3").body()).isEqualTo("exiting with code 3\n");
    assertThat(exitCode).hasValue(3);
  }

  @Test
  void aConnectionServesManyRequests() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      for (int i = 0; i < 3; i++) {
        socket
            .getOutputStream()
            .write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(in.readLine()).isEqualTo("HTTP/1.1 200 OK");
        while (!in.readLine().equals("ok")) {
          assertThat(socket.isClosed()).isFalse();
        }
      }
    }
  }

  @Test
  void drainingFinishesWhatIsInFlightAndEndsIdleConnections() throws Exception {
    try (Socket idle = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
      CompletableFuture<HttpResponse<String>> slow =
          http.sendAsync(
              HttpRequest.newBuilder(uri("/slow?ms=700")).build(),
              HttpResponse.BodyHandlers.ofString());
      // A second request on its own connection shows that the first was accepted before it.
      assertThat(get("/health").statusCode()).isEqualTo(200);
      assertThat(slow).isNotDone();
      assertThat(server.drain(20_000)).isTrue();
      assertThat(slow.get(5, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(slow.get().headers().firstValue("connection")).hasValue("close");
      assertThat(idle.getInputStream().read()).isEqualTo(-1);
    }
    thread.join();
  }

  @Test
  void datagramsComeBackWithTheTasksName() throws Exception {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(10_000);
      byte[] hello = "hello".getBytes(StandardCharsets.UTF_8);
      socket.send(new DatagramPacket(hello, hello.length, server.address()));
      DatagramPacket answer = new DatagramPacket(new byte[100], 100);
      socket.receive(answer);
      assertThat(new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8))
          .isEqualTo("web.2@node-1 hello");
    }
  }

  @Test
  void malformedRequestsAreRefused() throws Exception {
    for (String request :
        new String[] {
          "nonsense\r\n\r\n",
          "GET / HTTP/1.1\r\nbad\r\n\r\n",
          "GET /" + "x".repeat(9000) + " HTTP/1.1\r\n\r\n"
        }) {
      try (Socket socket =
          new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        byte[] start = socket.getInputStream().readNBytes(12);
        assertThat(new String(start, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 400");
      }
    }
  }

  @Test
  void theProcessEndsWithZeroOnTerm() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "dev.skein.cli.Main",
            "whoami",
            "--port",
            "0",
            "--address",
            "127.0.0.1");
    Process process = builder.start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      String first = out.readLine();
      assertThat(first).startsWith("whoami listens at /127.0.0.1:");
      int port = Integer.parseInt(first.substring(first.lastIndexOf(':') + 1));
      CompletableFuture<HttpResponse<String>> slow =
          http.sendAsync(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/slow?ms=300"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      HttpResponse<String> health =
          http.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(health.statusCode()).isEqualTo(200);
      process.destroy();
      assertThat(slow.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }
}
