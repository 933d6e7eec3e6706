package dev.skein.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "preferNative={0}")
@ValueSource(booleans = {true, false})
class UdpMeshTest {
  private static final InetAddress NODE = InetAddress.ofLiteral("127.0.0.2");

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final ConcurrentLinkedQueue<String> drained = new ConcurrentLinkedQueue<>();
  private final int port = freePort(NODE);
  private final MeshConfig config;

  UdpMeshTest(boolean preferNative) {
    config = MeshConfig.defaults(NODE).withPreferNative(preferNative);
  }

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened.reversed()) {
      closeable.close();
    }
  }

  @Test
  void datagramsAreAnsweredFromThePublishedAddressAndClientsAreSpreadEvenly() throws IOException {
    var mesh = mesh(config);
    apply(mesh, List.of(replica("a").ready(), replica("b").ready(), replica("c").ready()));
    var counts = new HashMap<String, Integer>();
    for (int i = 0; i < 6; i++) {
      counts.merge(ask(client(), "ping"), 1, Integer::sum);
    }
    assertThat(counts).containsOnlyKeys("a ping", "b ping", "c ping").containsValues(2, 2, 2);
    assertThat(mesh.stats().ports().getFirst().total()).isEqualTo(6);
  }

  @Test
  void theLargestDatagramPassesWhole() throws IOException {
    var mesh = mesh(config);
    apply(mesh, List.of(replica("a").ready()));
    var text = "x".repeat(65_000);
    assertThat(ask(client(), text)).isEqualTo("a " + text);
  }

  @Test
  void aReplicaThatCannotBeRoutedToIsPassedOver() throws IOException {
    var mesh = mesh(config);
    // The broadcast address: the kernel refuses to connect to it at once.
    apply(
        mesh,
        List.of(
            new Endpoint("lost", "255.255.255.255", 9, Endpoint.State.READY),
            replica("live").ready()));
    for (int i = 0; i < 4; i++) {
      assertThat(ask(client(), "once")).isEqualTo("live once");
    }
  }

  @Test
  void aClientStaysWithItsReplica() throws IOException {
    var mesh = mesh(config);
    apply(mesh, List.of(replica("a").ready(), replica("b").ready()));
    var client = client();
    var first = ask(client, "x");
    for (int i = 0; i < 10; i++) {
      assertThat(ask(client, "x")).isEqualTo(first);
    }
  }

  @Test
  void theFirstDatagramReachesAnotherReplicaWhenOneRefuses() throws IOException {
    var mesh = mesh(config);
    int dead = freePort(InetAddress.ofLiteral("127.0.0.1"));
    apply(
        mesh,
        List.of(
            new Endpoint("dead", "127.0.0.1", dead, Endpoint.State.READY),
            replica("live").ready()));
    for (int i = 0; i < 8; i++) {
      assertThat(ask(client(), "once")).isEqualTo("live once");
    }
    assertThat(mesh.stats().ports().getFirst().retries()).isPositive();
  }

  @Test
  void aSessionOfARemovedReplicaGoesElsewhereWithTheNextDatagram() throws IOException {
    var mesh = mesh(config);
    var a = replica("a");
    apply(mesh, List.of(a.ready()));
    var client = client();
    assertThat(ask(client, "1")).isEqualTo("a 1");
    apply(mesh, List.of(replica("b").ready()));
    assertThat(ask(client, "2")).isEqualTo("b 2");
  }

  @Test
  void aDrainingReplicaKeepsItsSessionsUntilTheyFallSilent() throws IOException {
    var mesh =
        mesh(
            config.withUdp(
                new MeshConfig.Udp(Duration.ofSeconds(60), Duration.ofMillis(300), 100)));
    var a = replica("a");
    apply(mesh, List.of(a.ready()));
    var client = client();
    assertThat(ask(client, "1")).isEqualTo("a 1");
    apply(mesh, List.of(a.draining(), replica("b").ready()));
    assertThat(ask(client, "2")).isEqualTo("a 2");
    assertThat(ask(client(), "new")).isEqualTo("b new");
    Await.until("a is drained", () -> drained.contains("a"));
    assertThat(ask(client, "3")).isEqualTo("b 3");
  }

  @Test
  void idleSessionsEnd() throws IOException {
    var mesh =
        mesh(
            config.withUdp(
                new MeshConfig.Udp(Duration.ofMillis(100), Duration.ofMillis(100), 100)));
    apply(mesh, List.of(replica("a").ready()));
    ask(client(), "x");
    Await.until("no session is left", () -> mesh.stats().ports().getFirst().open() == 0);
  }

  @Test
  void aClientBeyondTheSessionLimitIsDroppedAndCounted() throws IOException {
    var mesh =
        mesh(config.withUdp(new MeshConfig.Udp(Duration.ofSeconds(60), Duration.ofSeconds(2), 1)));
    apply(mesh, List.of(replica("a").ready()));
    var first = client();
    assertThat(ask(first, "x")).isEqualTo("a x");
    var second = client();
    second.setSoTimeout(200);
    assertThatThrownBy(() -> ask(second, "y")).isInstanceOf(SocketTimeoutException.class);
    assertThat(mesh.stats().ports().getFirst().refused()).isEqualTo(1);
    assertThat(ask(first, "z")).isEqualTo("a z");
  }

  @Test
  void aPortInUseIsReported() throws IOException {
    var mesh = mesh(config);
    try (var squatter = new DatagramSocket(new InetSocketAddress(NODE, port))) {
      assertThat(squatter.isBound()).isTrue();
      assertThat(apply(mesh, List.of()).failed()).containsOnlyKeys(new PortKey(port, Protocol.UDP));
    }
    assertThat(apply(mesh, List.of(replica("a").ready())).complete()).isTrue();
    assertThat(ask(client(), "x")).isEqualTo("a x");
  }

  @Test
  void noBufferIsLeftBehind() throws IOException {
    var mesh = mesh(config);
    int dead = freePort(InetAddress.ofLiteral("127.0.0.1"));
    apply(
        mesh,
        List.of(
            new Endpoint("dead", "127.0.0.1", dead, Endpoint.State.READY),
            replica("live").ready()));
    for (int i = 0; i < 20; i++) {
      ask(client(), "x".repeat(1_400));
    }
    mesh.close();
    assertThat(mesh.buffersInUse()).isZero();
  }

  private IngressMesh mesh(MeshConfig with) {
    var mesh = new IngressMesh(with, System::nanoTime);
    mesh.onDrained(drained::add);
    opened.add(mesh);
    return mesh;
  }

  private MeshStatus apply(IngressMesh mesh, List<Endpoint> endpoints) {
    return mesh.apply(
        new EndpointTable(List.of(new PublishedPort("dns", port, Protocol.UDP, endpoints))));
  }

  private DatagramSocket client() throws IOException {
    var client = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"));
    opened.add(client);
    client.setSoTimeout(10_000);
    client.connect(new InetSocketAddress(NODE, port));
    return client;
  }

  private static String ask(DatagramSocket client, String text) throws IOException {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    client.send(new DatagramPacket(bytes, bytes.length));
    var answer = new DatagramPacket(new byte[65_536], 65_536);
    client.receive(answer);
    return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
  }

  private Replica replica(String name) {
    var replica = new Replica(name);
    opened.add(replica);
    return replica;
  }

  private static int freePort(InetAddress address) {
    try (var socket = new DatagramSocket(0, address)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Answers each datagram with its name and the datagram.
  private static final class Replica implements AutoCloseable {
    private final String name;
    private final DatagramSocket socket;

    Replica(String name) {
      this.name = name;
      try {
        socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      Thread.ofVirtual().start(this::serve);
    }

    Endpoint ready() {
      return new Endpoint(name, "127.0.0.1", socket.getLocalPort(), Endpoint.State.READY);
    }

    Endpoint draining() {
      return new Endpoint(name, "127.0.0.1", socket.getLocalPort(), Endpoint.State.DRAINING);
    }

    @Override
    public void close() {
      socket.close();
    }

    private void serve() {
      try {
        while (true) {
          var packet = new DatagramPacket(new byte[65_536], 65_536);
          socket.receive(packet);
          var answer =
              (name
                      + " "
                      + new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8))
                  .getBytes(StandardCharsets.UTF_8);
          socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
      } catch (IOException e) {
        // Closed.
      }
    }
  }
}
