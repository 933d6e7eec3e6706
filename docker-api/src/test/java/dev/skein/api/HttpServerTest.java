package dev.skein.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What no well-behaved client sends, and what happens to it.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HttpServerTest {
  private ApiFixture api;

  @BeforeEach
  void start() throws Exception {
    api = ApiFixture.manager();
  }

  @AfterEach
  void stop() throws Exception {
    api.close();
  }

  @Test
  void aHeadPingHasTheHeadersAndNoBody() throws Exception {
    try (var client = api.connect()) {
      var answer = client.request("HEAD", "/_ping", "");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.headers())
          .containsEntry("api-version", "1.47")
          .containsEntry("ostype", "linux")
          .containsEntry("swarm", "active/manager")
          .containsEntry("server", "Skein/0.1.0 (linux)");
      assertThat(client.get("/_ping").body()).isEqualTo("OK");
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws Exception {
    try (var client = api.connect()) {
      var requests = new StringBuilder();
      for (var i = 0; i < 200; i++) {
        requests.append("GET /nodes/n").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
      }
      client.send(requests.toString());
      for (var i = 0; i < 200; i++) {
        assertThat(client.read().message()).isEqualTo("node n" + i + " not found");
      }
      assertThat(client.get("/_ping").status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\u0016\u0003\u0001\u0000\u00a5\r\n\r\n",
      })
  void aMalformedRequestIsRefusedAndItsConnectionClosed(String bytes) throws Exception {
    try (var client = api.connect()) {
      client.send(bytes);
      var answer = client.read();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.headers()).containsEntry("content-type", "application/json");
      assertThat(answer.message()).isEqualTo("malformed HTTP request");
      assertThat(client.isClosed()).isTrue();
    }
  }

  @Test
  void aRequestLineOrHeaderThatIsTooLongIsRefused() throws Exception {
    try (var client = api.connect()) {
      client.send("GET /" + "a".repeat(ApiLimits.MAX_REQUEST_LINE_BYTES) + " HTTP/1.1\r\n\r\n");
      assertThat(client.read().status()).isEqualTo(414);
    }
    try (var client = api.connect()) {
      client.send("GET / HTTP/1.1\r\nA: " + "a".repeat(ApiLimits.MAX_HEADER_BYTES) + "\r\n\r\n");
      assertThat(client.read().status()).isEqualTo(431);
    }
  }

  @Test
  void aBodyAtTheLimitIsReadAndOneBeyondIsRefused() throws Exception {
    var limit = ApiFixture.LIMITS.maxBodyBytes();
    try (var client = api.connect()) {
      var atLimit = client.request("POST", "/services/create", " ".repeat(limit - 2) + "{}");
      assertThat(atLimit.status()).isNotEqualTo(413);
      var beyond = client.request("POST", "/services/create", " ".repeat(limit - 1) + "{}");
      assertThat(beyond.status()).isEqualTo(413);
      assertThat(beyond.message())
          .isEqualTo("the request's body is larger than " + limit + " bytes");
      assertThat(client.isClosed()).isTrue();
    }
    try (var client = api.connect()) {
      client.send("POST /services/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
      var chunk = Integer.toHexString(limit) + "\r\n" + " ".repeat(limit) + "\r\n";
      client.send(chunk + "1\r\n \r\n");
      assertThat(client.read().status()).isEqualTo(413);
    }
  }

  @Test
  void allBodiesTogetherAreBounded() throws Exception {
    var clients = new ArrayList<HttpClientSocket>();
    try {
      var half = ApiFixture.LIMITS.maxBodyBytes() / 2 + 1;
      var statuses = new ArrayList<Integer>();
      for (var i = 0; i < 4; i++) {
        var client = api.connect();
        clients.add(client);
        client.send(
            "POST /services/create HTTP/1.1\r\nContent-Length: "
                + (half + 1)
                + "\r\n\r\n"
                + " ".repeat(half));
        // The byte that is missing keeps the body waiting.
      }
      for (var client : clients) {
        statuses.add(client.read().status());
      }
      // The one that found no room is told so; the others run into the time for a request.
      assertThat(statuses).containsOnly(408, 503).containsOnlyOnce(503);
    } finally {
      for (var client : clients) {
        client.close();
      }
    }
  }

  @Test
  void aClientThatExpectsToBeToldIsToldToContinue() throws Exception {
    try (var client = api.connect()) {
      client.send(
          """
          POST /swarm/leave?force=1 HTTP/1.1\r
          Content-Length: 2\r
          Expect: 100-continue\r
          \r
          """);
      assertThat(client.read().status()).isEqualTo(100);
      client.send("{}");
      assertThat(client.read().status()).isEqualTo(200);
      client.send("POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: a-miracle\r\n\r\n");
      assertThat(client.read().status()).isEqualTo(417);
    }
  }

  @Test
  void aRequestThatTricklesInIsCutOffHoweverSteady() throws Exception {
    try (var client = api.connect()) {
      var trickle =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      client.send("GET /_ping HTTP/1.1\r\n");
                      while (true) {
                        client.send("A: b\r\n");
                        Thread.sleep(50); // The pace of the trickle.
                      }
                    } catch (IOException e) {
                      // It is cut off: what the test waits for.
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  });
      var answer = client.read();
      assertThat(answer.status()).isEqualTo(408);
      assertThat(answer.message()).isEqualTo("the request did not arrive within PT1S");
      assertThat(client.isClosed()).isTrue();
      trickle.interrupt();
      trickle.join();
    }
  }

  @Test
  void anIdleConnectionIsClosed() throws Exception {
    var limits = ApiFixture.LIMITS;
    try (var impatient =
            ApiFixture.inactive(
                new ApiLimits(
                    limits.maxBodyBytes(),
                    limits.maxBodiesBytes(),
                    limits.maxConnections(),
                    limits.callTimeout(),
                    limits.requestTimeout(),
                    Duration.ofMillis(100),
                    limits.writeTimeout()));
        var client = impatient.connect()) {
      assertThat(client.get("/_ping").status()).isEqualTo(200);
      assertThat(client.isClosed()).isTrue();
    }
  }

  @Test
  void oneConnectionTooManyIsToldSo() throws Exception {
    var clients = new ArrayList<HttpClientSocket>();
    try {
      for (var i = 0; i < ApiFixture.LIMITS.maxConnections(); i++) {
        var client = api.connect();
        clients.add(client);
        assertThat(client.get("/_ping").status()).isEqualTo(200);
      }
      try (var client = api.connect()) {
        var answer = client.read();
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.message()).contains("too many connections");
      }
    } finally {
      for (var client : clients) {
        client.close();
      }
    }
  }

  @Test
  void connectionsAreKeptOrClosedAsTheClientAsks() throws Exception {
    try (var client = api.connect()) {
      client.send("GET /_ping HTTP/1.1\r\nConnection: close\r\n\r\n");
      assertThat(client.read().headers()).containsEntry("connection", "close");
      assertThat(client.isClosed()).isTrue();
    }
    try (var client = api.connect()) {
      client.send("GET /_ping HTTP/1.0\r\n\r\n");
      assertThat(client.read().status()).isEqualTo(200);
      assertThat(client.isClosed()).isTrue();
    }
  }

  @Test
  void aHalfSentRequestOfAClientThatLeftHoldsNothing() throws Exception {
    for (var i = 0; i < 3 * ApiFixture.LIMITS.maxConnections(); i++) {
      try (var client = api.connect()) {
        client.send("POST /services/create HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{");
      }
      awaitAnswer();
    }
  }

  private void awaitAnswer() throws Exception {
    // The close of the one before is seen in its own time, but it is seen.
    while (true) {
      try (var client = api.connect()) {
        if (client.get("/_ping").status() == 200) {
          return;
        }
      } catch (IOException e) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aClientThatLeavesCancelsItsCall() throws Exception {
    api.control.silent = true;
    try (var client = api.connect()) {
      client.sendRequest("GET", "/nodes/x", "");
      assertThat(api.control.getArrived.get(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(api.control.getCancelled.get(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aStreamWaitsForItsReaderAndEndsWithIt() throws Exception {
    api.control.endlessLogs = true;
    api.control.serviceNameCollisions = 0;
    try (var client = api.connect()) {
      client.request(
          "POST",
          "/services/create",
          "{\"Name\":\"web\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"skein/process\"}}}");
      client.sendRequest("GET", "/services/web/logs?stdout=1&follow=1", "");
      assertThat(client.readHead().status()).isEqualTo(200);
      var sent = settled();
      // Nothing is read: only what the buffers between hold was taken from the manager.
      assertThat(sent).isBetween(1L, 500L);
      for (var i = 0; i < 1_000; i++) {
        assertThat(client.readChunk()).isNotNull();
      }
      assertThat(api.control.logsSent.get()).isGreaterThan(sent);
    }
    assertThat(api.control.logsCancelled.get(30, TimeUnit.SECONDS)).isTrue();
  }

  /// How much was sent once no more is.
  private long settled() {
    var last = -1L;
    var since = System.nanoTime();
    while (System.nanoTime() - since < 500_000_000) {
      var now = api.control.logsSent.get();
      if (now != last) {
        last = now;
        since = System.nanoTime();
      }
      LockSupport.parkNanos(1_000_000);
    }
    return last;
  }
}
