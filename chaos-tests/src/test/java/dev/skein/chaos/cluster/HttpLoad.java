package dev.skein.chaos.cluster;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// Clients of a published service that each ask again as soon as they are answered, every time over
/// a new connection and at the next node. They remember every request that was not answered with
/// 200 and a whole body; unlike the JDK's own client they never ask twice on their own.
public final class HttpLoad implements AutoCloseable {
  private static final int TIMEOUT_MS = 10_000;

  /// More failures tell nothing more.
  private static final int FAILURES_MAX = 100;

  private final List<TestNode> nodes;
  private final int port;
  private final String path;
  private final AtomicLong answered = new AtomicLong();
  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  private HttpLoad(List<TestNode> nodes, int port, String path) {
    this.nodes = nodes;
    this.port = port;
    this.path = path;
  }

  /// Begins to ask.
  public static HttpLoad start(int clients, List<TestNode> nodes, int port) {
    return start(clients, nodes, port, "/");
  }

  /// Begins to ask for a path, with its query.
  public static HttpLoad start(int clients, List<TestNode> nodes, int port, String path) {
    var load = new HttpLoad(List.copyOf(nodes), port, path);
    for (var i = 0; i < clients; i++) {
      var first = i;
      load.threads.add(Thread.ofPlatform().name("http-load-" + i).start(() -> load.ask(first)));
    }
    return load;
  }

  private void ask(int first) {
    for (var i = first; !stopped; i++) {
      var node = nodes.get(i % nodes.size());
      try {
        get(node.address());
        answered.incrementAndGet();
      } catch (IOException e) {
        if (failures.size() < FAILURES_MAX) {
          failures.add(Instant.now() + " at " + node.name() + ": " + e);
        }
      }
    }
  }

  private void get(String host) throws IOException {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), TIMEOUT_MS);
      socket.setSoTimeout(TIMEOUT_MS);
      var request = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(US_ASCII));
      var answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      requireWhole(answer);
    }
  }

  private static void requireWhole(String answer) throws IOException {
    var body = answer.indexOf("\r\n\r\n");
    if (!answer.startsWith("HTTP/1.1 200 ") || body < 0) {
      throw new IOException("answered with '" + answer.lines().findFirst().orElse("") + "'");
    }
    for (var header : answer.substring(0, body).lines().toList()) {
      if (header.regionMatches(true, 0, "Content-Length:", 0, 15)) {
        var length = Integer.parseInt(header.substring(15).strip());
        if (answer.length() - body - 4 != length) {
          throw new IOException("a body of " + (answer.length() - body - 4) + " of " + length);
        }
        return;
      }
    }
    throw new IOException("an answer without a length");
  }

  /// Waits until so many more requests were answered.
  public void awaitMore(long more, Duration within) throws Exception {
    var goal = answered.get() + more;
    Await.until(
        more + " more requests are answered",
        within,
        () -> {
          if (answered.get() < goal) {
            throw new AssertionError(answered.get() + " of " + goal + "; failed: " + failures);
          }
        });
  }

  /// How many requests were answered.
  public long answered() {
    return answered.get();
  }

  /// The requests that failed, with when, where and why.
  public List<String> failures() {
    return List.copyOf(failures);
  }

  @Override
  public void close() {
    stopped = true;
    for (var thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
