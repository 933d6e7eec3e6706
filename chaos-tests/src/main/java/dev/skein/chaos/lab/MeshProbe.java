package dev.skein.chaos.lab;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/// Calls a published port through every node's mesh, each time on a new connection, and remembers
/// the last calls. Each node has a caller of its own with one call at a time, so that a node that
/// does not answer delays no other's. Nodes whose daemon does not run are left out: nobody would
/// call a dead machine twice.
///
/// Any thread may ask it.
public final class MeshProbe implements AutoCloseable {

  private static final int REMEMBERED_MAX = 20_000;
  private static final int TIMEOUT_MS = 2_000;
  private static final int ANSWER_BYTES_MAX = 4_096;

  /// To connect, and for an answer that comes in two parts, with some time to spare.
  private static final Duration CALL_MAX = Duration.ofMillis(4 * TIMEOUT_MS);

  private static final long LOOK_NANOS = Duration.ofMillis(10).toNanos();
  private static final byte[] REQUEST =
      "GET / HTTP/1.0\r\nHost: probe\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final Cluster cluster;
  private final int port;
  private final Duration pause;
  private final LongSupplier nanoTime;
  private final ArrayDeque<Call> calls = new ArrayDeque<>();
  private final Map<String, Long> underWay = new ConcurrentHashMap<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  /// One call.
  ///
  /// @param nanos when it began
  /// @param tookNanos until its answer, or its failure
  public record Call(String node, long nanos, long tookNanos, boolean answered) {}

  private MeshProbe(Cluster cluster, int port, Duration pause, LongSupplier nanoTime) {
    this.cluster = cluster;
    this.port = port;
    this.pause = pause;
    this.nanoTime = nanoTime;
  }

  /// Begins to call.
  ///
  /// @param pause between two calls; each node is called once in so much times the number of nodes
  /// @param nanoTime monotonic clock in nanoseconds
  public static MeshProbe start(Cluster cluster, int port, Duration pause, LongSupplier nanoTime) {
    var nodes = cluster.nodes();
    var probe = new MeshProbe(cluster, port, pause.multipliedBy(nodes.size()), nanoTime);
    for (var node : nodes) {
      probe.threads.add(
          Thread.ofPlatform()
              .daemon()
              .name("mesh-probe-%d-%s".formatted(port, node.name()))
              .unstarted(() -> probe.run(node)));
    }
    probe.threads.forEach(Thread::start);
    return probe;
  }

  private void run(Member node) {
    try {
      var network = cluster.network();
      if (network.isPresent()) {
        NetworkNamespace.enter(network.get());
      }
    } catch (IOException e) {
      cluster.note("the mesh can't be probed: " + e.getMessage());
      return;
    }
    while (!stopped) {
      if (runs(node)) {
        var begin = nanoTime.getAsLong();
        underWay.put(node.name(), begin);
        var answered = answers(node.address());
        remember(new Call(node.name(), begin, nanoTime.getAsLong() - begin, answered));
        underWay.remove(node.name());
      }
      LockSupport.parkNanos(pause.toNanos());
    }
  }

  private static boolean runs(Member node) {
    try {
      return node.isRunning();
    } catch (IOException e) {
      return false;
    }
  }

  private boolean answers(String address) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), TIMEOUT_MS);
      socket.setSoTimeout(TIMEOUT_MS);
      socket.getOutputStream().write(REQUEST);
      var bytes = socket.getInputStream().readNBytes(ANSWER_BYTES_MAX);
      var answer = new String(bytes, StandardCharsets.ISO_8859_1);
      return answer.startsWith("HTTP/1.") && answer.startsWith(" 200", 8);
    } catch (IOException e) {
      return false;
    }
  }

  private synchronized void remember(Call call) {
    calls.addLast(call);
    if (calls.size() > REMEMBERED_MAX) {
      calls.removeFirst();
    }
  }

  /// The calls that began at a time or later, the oldest first.
  public synchronized List<Call> since(long nanos) {
    var recent = new ArrayList<Call>();
    for (var call : calls) {
      if (call.nanos() - nanos >= 0) {
        recent.add(call);
      }
    }
    return recent;
  }

  /// The calls that began within a time, the oldest first; waits for those of them that are under
  /// way.
  ///
  /// @param fromNanos when the time begins
  /// @param untilNanos when it ended
  public List<Call> between(long fromNanos, long untilNanos) {
    var end = nanoTime.getAsLong() + CALL_MAX.toNanos();
    while (underWay.values().stream().anyMatch(begin -> begin - untilNanos <= 0)
        && nanoTime.getAsLong() - end < 0) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return since(fromNanos).stream().filter(call -> call.nanos() - untilNanos <= 0).toList();
  }

  /// Ends the calling.
  @Override
  public void close() {
    stopped = true;
    threads.forEach(LockSupport::unpark);
  }
}
