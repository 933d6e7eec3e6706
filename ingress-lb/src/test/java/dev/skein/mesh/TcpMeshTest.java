package dev.skein.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "preferNative={0}")
@ValueSource(booleans = {true, false})
class TcpMeshTest {
  private static final InetAddress NODE = InetAddress.ofLiteral("127.0.0.2");

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final ConcurrentLinkedQueue<String> drained = new ConcurrentLinkedQueue<>();
  private final int port = TcpReplica.freePort(NODE);
  private final MeshConfig config;

  TcpMeshTest(boolean preferNative) {
    config =
        MeshConfig.defaults(NODE)
            .withPreferNative(preferNative)
            .withEventLoopThreads(2)
            .withBindRetryMax(Duration.ofMillis(200));
  }

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened.reversed()) {
      closeable.close();
    }
  }

  @Test
  void threeReplicasGetSixClientsEvenly() throws IOException {
    var mesh = mesh(config);
    var replicas = List.of(replica("a"), replica("b"), replica("c"));
    assertThat(apply(mesh, replicas.stream().map(TcpReplica::ready).toList()).complete()).isTrue();
    var counts = new HashMap<String, Integer>();
    for (int i = 0; i < 6; i++) {
      counts.merge(ask(), 1, Integer::sum);
    }
    assertThat(counts).containsOnlyKeys("a", "b", "c").containsValues(2, 2, 2);
  }

  @Test
  void theNodesOwnAddressAloneIsListenedOn() throws IOException {
    var mesh = mesh(config);
    apply(mesh, List.of(replica("a").ready()));
    assertThat(ask()).isEqualTo("a");
    assertThatThrownBy(() -> new TestClient(InetAddress.ofLiteral("127.0.0.3"), port))
        .hasMessageContaining("refused");
  }

  @Test
  void aRefusedReplicaIsTriedElsewhereWithoutTheClientNoticing() throws IOException {
    var mesh = mesh(config);
    int dead = TcpReplica.freePort(TcpReplica.address());
    apply(
        mesh,
        List.of(
            new Endpoint("dead", "127.0.0.1", dead, Endpoint.State.READY),
            replica("live").ready()));
    for (int i = 0; i < 20; i++) {
      try (var client = client()) {
        client.send("hello");
        client.socket.shutdownOutput();
        assertThat(client.rest()).isEqualTo("live\nhello");
      }
    }
    assertThat(mesh.stats().ports().getFirst().retries()).isPositive();
    assertThat(mesh.stats().ports().getFirst().refused()).isZero();
  }

  @Test
  void aClientIsHeldUntilAReplicaListens() throws IOException {
    var mesh = mesh(config);
    int later = TcpReplica.freePort(TcpReplica.address());
    apply(mesh, List.of(new Endpoint("late", "127.0.0.1", later, Endpoint.State.READY)));
    try (var client = client()) {
      client.send("early\n");
      Await.until("two failed attempts", () -> mesh.stats().ports().getFirst().retries() >= 2);
      opened.add(new TcpReplica("late", later));
      assertThat(client.line()).isEqualTo("late");
      assertThat(client.line()).isEqualTo("early");
    }
  }

  @Test
  void aClientIsHeldUntilTheTableNamesAReplica() throws IOException {
    var mesh = mesh(config);
    apply(mesh, List.of());
    try (var client = client()) {
      Await.until("the client is held", () -> mesh.stats().ports().getFirst().open() == 1);
      apply(mesh, List.of(replica("a").ready()));
      assertThat(client.line()).isEqualTo("a");
    }
  }

  @Test
  void aClientThatNoReplicaAnswersIsResetAfterTheHoldTime() {
    var mesh = mesh(config.withTcp(hold(Duration.ofMillis(300))));
    apply(mesh, List.of());
    long start = System.nanoTime();
    try (var client = client()) {
      assertThatThrownBy(client::line).isInstanceOf(SocketException.class);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(290), Duration.ofSeconds(5));
    assertThat(mesh.stats().ports().getFirst().refused()).isEqualTo(1);
  }

  @Test
  void clientsBeyondTheHeldLimitAreReset() {
    var limits =
        new MeshConfig.Tcp(
            Duration.ofSeconds(1), Duration.ofSeconds(60), 100, 2, Duration.ofSeconds(1));
    var ended = new ConcurrentLinkedQueue<String>();
    var mesh = mesh(config.withTcp(limits));
    apply(mesh, List.of());
    for (int i = 0; i < 3; i++) {
      Thread.startVirtualThread(
          () -> {
            try {
              ask();
            } catch (IOException | RuntimeException e) {
              ended.add(String.valueOf(e.getMessage()));
            }
          });
    }
    Await.until("one is turned away", () -> !ended.isEmpty());
    assertThat(ended).singleElement().asString().contains("reset");
    assertThat(mesh.stats().ports().getFirst().refused()).isEqualTo(1);
    assertThat(mesh.stats().ports().getFirst().open()).isEqualTo(2);
    mesh.close();
    Await.until("the others end with the mesh", () -> ended.size() == 3);
  }

  @Test
  void connectionsBeyondTheLimitAreResetAndCounted() throws IOException {
    var limits =
        new MeshConfig.Tcp(
            Duration.ofSeconds(1), Duration.ofSeconds(5), 2, 10, Duration.ofSeconds(1));
    var mesh = mesh(config.withTcp(limits));
    apply(mesh, List.of(replica("a").ready()));
    var first = client();
    opened.add(first);
    assertThat(first.line()).isEqualTo("a");
    var second = client();
    opened.add(second);
    assertThat(second.line()).isEqualTo("a");
    // The reset may meet the client before its connect() returns, or after.
    assertThatThrownBy(this::ask).hasMessageContaining("reset");
    assertThat(mesh.stats().ports().getFirst().refused()).isEqualTo(1);
    first.close();
    Await.until("the first is gone", () -> mesh.stats().ports().getFirst().open() == 1);
    assertThat(ask()).isEqualTo("a");
  }

  @Test
  void aReplicaThatDoesNotAnswerInTimeIsTriedElsewhere() throws IOException {
    var limits =
        new MeshConfig.Tcp(
            Duration.ofMillis(100), Duration.ofSeconds(5), 100, 10, Duration.ofSeconds(10));
    var mesh = mesh(config.withTcp(limits));
    // A listener whose queue is full drops further attempts, as a host that is cut off does.
    var full = new ServerSocket();
    opened.add(full);
    full.bind(new InetSocketAddress(TcpReplica.address(), 0), 1);
    for (int i = 0; i < 4; i++) {
      var filler = new java.net.Socket();
      opened.add(filler);
      try {
        filler.connect(full.getLocalSocketAddress(), 100);
      } catch (IOException e) {
        break;
      }
    }
    apply(
        mesh,
        List.of(
            new Endpoint("mute", "127.0.0.1", full.getLocalPort(), Endpoint.State.READY),
            replica("live").ready()));
    for (int i = 0; i < 4; i++) {
      assertThat(ask()).isEqualTo("live");
    }
    assertThat(mesh.stats().ports().getFirst().retries()).isPositive();
  }

  @Test
  void aDrainingReplicaKeepsWhatIsOpenGetsNothingNewAndIsReportedWhenEmpty() throws IOException {
    var mesh = mesh(config);
    var a = replica("a");
    var b = replica("b");
    apply(mesh, List.of(a.ready()));
    try (var open = client()) {
      assertThat(open.line()).isEqualTo("a");
      apply(mesh, List.of(a.draining(), b.ready()));
      for (int i = 0; i < 5; i++) {
        assertThat(ask()).isEqualTo("b");
      }
      open.send("still\n");
      assertThat(open.line()).isEqualTo("still");
      assertThat(drained).isEmpty();
    }
    Await.until("a is drained", () -> !drained.isEmpty());
    assertThat(drained).containsExactly("a");
    apply(mesh, List.of(a.draining(), b.ready()));
    assertThat(drained).containsExactly("a");
  }

  @Test
  void aDrainingReplicaWithNothingOpenIsReportedAtOnce() {
    var mesh = mesh(config);
    var a = replica("a");
    apply(mesh, List.of(a.ready()));
    apply(mesh, List.of(a.draining()));
    assertThat(drained).containsExactly("a");
  }

  @Test
  void aRemovedReplicasConnectionsAreReset() throws IOException {
    var mesh = mesh(config);
    var a = replica("a");
    var b = replica("b");
    apply(mesh, List.of(a.ready()));
    try (var open = client()) {
      assertThat(open.line()).isEqualTo("a");
      apply(mesh, List.of(b.ready()));
      assertThatThrownBy(open::line).isInstanceOf(SocketException.class);
    }
    assertThat(ask()).isEqualTo("b");
  }

  @Test
  void aPortThatLeavesTheTableIsClosedWithItsConnections() throws IOException {
    var mesh = mesh(config);
    apply(mesh, List.of(replica("a").ready()));
    try (var open = client()) {
      assertThat(open.line()).isEqualTo("a");
      mesh.apply(EndpointTable.EMPTY);
      assertThatThrownBy(open::line).isInstanceOf(SocketException.class);
    }
    Await.until("the port refuses", this::refused);
  }

  @Test
  void theClientsEndReachesTheReplicaWhileTheAnswerIsStillComing() throws IOException {
    var mesh = mesh(config);
    apply(mesh, List.of(replica("a").ready()));
    try (var client = client()) {
      client.send("question");
      client.socket.shutdownOutput();
      assertThat(client.rest()).isEqualTo("a\nquestion");
    }
    Await.until("nothing is open", () -> mesh.stats().ports().getFirst().open() == 0);
  }

  @Test
  void theReplicasEndReachesTheClientWhileItGoesOnSending() throws Exception {
    var mesh = mesh(config);
    try (var server = new ServerSocket(0, 1, TcpReplica.address())) {
      var received =
          CompletableFuture.supplyAsync(
              () -> {
                try (var socket = server.accept()) {
                  socket.shutdownOutput();
                  return new String(
                      socket.getInputStream().readAllBytes(),
                      java.nio.charset.StandardCharsets.UTF_8);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      apply(
          mesh,
          List.of(new Endpoint("a", "127.0.0.1", server.getLocalPort(), Endpoint.State.READY)));
      try (var client = client()) {
        assertThat(client.socket.getInputStream().read()).isEqualTo(-1);
        client.send("afterwards");
        client.socket.shutdownOutput();
        assertThat(received.get(10, java.util.concurrent.TimeUnit.SECONDS)).isEqualTo("afterwards");
      }
    }
  }

  @Test
  void aResetOfTheReplicaReachesTheClientAsAReset() throws IOException {
    var mesh = mesh(config);
    var a = replica("a");
    apply(mesh, List.of(a.ready()));
    try (var client = client()) {
      assertThat(client.line()).isEqualTo("a");
      var socket = a.open.iterator().next();
      socket.setSoLinger(true, 0);
      socket.close();
      assertThatThrownBy(client::line).isInstanceOf(SocketException.class);
    }
  }

  @Test
  void clientsThatResetAtAnyMomentHarmNoOther() throws Exception {
    var mesh = mesh(config);
    apply(mesh, List.of(replica("a").ready()));
    try (var steady = client()) {
      assertThat(steady.line()).isEqualTo("a");
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 400; i++) {
          boolean late = i % 2 == 0;
          threads.execute(
              () -> {
                try (var rude = client()) {
                  rude.send("x\n");
                  if (late) {
                    rude.line();
                  }
                  rude.socket.shutdownOutput();
                  rude.socket.setSoLinger(true, 0);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
        }
      }
      steady.send("still\n");
      assertThat(steady.line()).isEqualTo("still");
      Await.until("only the steady one is open", () -> mesh.stats().ports().getFirst().open() == 1);
    }
    assertThat(ask()).isEqualTo("a");
  }

  @Test
  void aLargeTransferBothWaysArrivesWholeThroughSlowReaders() throws Exception {
    var mesh = mesh(config);
    apply(mesh, List.of(replica("a").ready()));
    long bytes = 64L << 20;
    try (var client = client()) {
      assertThat(client.line()).isEqualTo("a");
      var sent = new CRC32();
      var sender =
          CompletableFuture.runAsync(
              () -> {
                var random = new Random(7);
                var chunk = new byte[64 * 1024];
                try {
                  for (long left = bytes; left > 0; left -= chunk.length) {
                    random.nextBytes(chunk);
                    sent.update(chunk);
                    client.socket.getOutputStream().write(chunk);
                  }
                  client.socket.shutdownOutput();
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      // Nothing is read until every buffer on the way is full.
      Await.until("the mesh holds bytes back", () -> mesh.buffersInUse() > 2 || sender.isDone());
      assertThat(sender).isNotDone();
      var received = new CRC32();
      long count = 0;
      var chunk = new byte[8 * 1024];
      for (int n = client.socket.getInputStream().read(chunk);
          n > 0;
          n = client.socket.getInputStream().read(chunk)) {
        received.update(chunk, 0, n);
        count += n;
      }
      sender.get(10, java.util.concurrent.TimeUnit.SECONDS);
      assertThat(count).isEqualTo(bytes);
      assertThat(received.getValue()).isEqualTo(sent.getValue());
      assertThat(mesh.stats().ports().getFirst().bytesFromClients()).isEqualTo(bytes);
    }
  }

  @Test
  void aPortInUseIsReportedWithTheReasonAndRecovered() throws IOException {
    var mesh = mesh(config);
    int other = TcpReplica.freePort(NODE);
    var a = replica("a");
    var table =
        new EndpointTable(
            List.of(
                new PublishedPort("web", port, Protocol.TCP, List.of(a.ready())),
                new PublishedPort("shop", other, Protocol.TCP, List.of(a.ready()))));
    try (var squatter = new ServerSocket(port, 1, NODE)) {
      var status = mesh.apply(table);
      assertThat(squatter.isBound()).isTrue();
      assertThat(status.listening()).containsExactly(new PortKey(other, Protocol.TCP));
      assertThat(status.failed()).containsOnlyKeys(new PortKey(port, Protocol.TCP));
      assertThat(status.failed().values().iterator().next())
          .containsIgnoringCase("in use")
          .contains("127.0.0.2");
    }
    Await.until("the port is bound by itself", () -> mesh.status().complete());
    assertThat(ask()).isEqualTo("a");
  }

  @Test
  void updatesUnderLoadFailNoRequest() throws Exception {
    var mesh = mesh(config);
    var a = replica("a");
    var b = replica("b");
    apply(mesh, List.of(a.ready(), b.ready()));
    var stop = new AtomicBoolean();
    var failures = new ConcurrentLinkedQueue<Throwable>();
    var requests = new AtomicInteger();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        threads.execute(
            () -> {
              while (!stop.get()) {
                try {
                  ask();
                  requests.incrementAndGet();
                } catch (IOException | RuntimeException e) {
                  failures.add(e);
                }
              }
            });
      }
      try {
        for (int round = 0; round < 40; round++) {
          var leaving = round % 2 == 0 ? a : b;
          var staying = round % 2 == 0 ? b : a;
          drained.clear();
          apply(mesh, List.of(leaving.draining(), staying.ready()));
          Await.until("drained", () -> drained.contains(leaving.name));
          apply(mesh, List.of(staying.ready()));
          int target = requests.get() + 10;
          Await.until("requests go on", () -> requests.get() >= target || !failures.isEmpty());
          apply(mesh, List.of(leaving.ready(), staying.ready()));
        }
      } finally {
        stop.set(true);
      }
    }
    assertThat(failures).isEmpty();
    assertThat(requests).hasValueGreaterThan(400);
  }

  @Test
  void nothingIsLeftBehind() throws Exception {
    var replica = replica("a");
    cycle(replica, 1);
    long before = descriptors();
    cycle(replica, 200);
    Await.until("descriptors are back to " + before, () -> descriptors() <= before);
  }

  @Test
  void noEventLoopRunsBeforeTheFirstPort() {
    var mesh = mesh(config);
    assertThat(mesh.apply(EndpointTable.EMPTY).complete()).isTrue();
    assertThat(mesh.eventLoopsStarted()).isFalse();
    apply(mesh, List.of());
    assertThat(mesh.eventLoopsStarted()).isTrue();
  }

  private void cycle(TcpReplica replica, int connections) throws IOException {
    var mesh = new IngressMesh(config, System::nanoTime);
    apply(mesh, List.of(replica.ready()));
    var half = new ArrayList<TestClient>();
    for (int i = 0; i < connections; i++) {
      assertThat(ask()).isEqualTo("a");
      if (i % 2 == 0) {
        half.add(client());
      }
    }
    mesh.close();
    assertThat(mesh.buffersInUse()).isZero();
    half.forEach(TestClient::close);
    Await.until("the replica's side is closed", () -> replica.open.isEmpty());
  }

  private static long descriptors() {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private IngressMesh mesh(MeshConfig with) {
    var mesh = new IngressMesh(with, System::nanoTime);
    mesh.onDrained(drained::add);
    opened.add(mesh);
    return mesh;
  }

  private TcpReplica replica(String name) {
    var replica = new TcpReplica(name);
    opened.add(replica);
    return replica;
  }

  private MeshStatus apply(IngressMesh mesh, List<Endpoint> endpoints) {
    return mesh.apply(
        new EndpointTable(List.of(new PublishedPort("web", port, Protocol.TCP, endpoints))));
  }

  private TestClient client() {
    return new TestClient(NODE, port);
  }

  private String ask() throws IOException {
    try (var client = client()) {
      client.socket.shutdownOutput();
      return client.rest().strip();
    }
  }

  private boolean refused() {
    try {
      client().close();
      return false;
    } catch (java.io.UncheckedIOException e) {
      return true;
    }
  }

  private static MeshConfig.Tcp hold(Duration time) {
    return new MeshConfig.Tcp(Duration.ofSeconds(1), time, 65_536, 1_024, Duration.ofSeconds(10));
  }
}
