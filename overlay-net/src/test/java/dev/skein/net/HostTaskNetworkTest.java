package dev.skein.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.net.PortRequest.Mode;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HostTaskNetworkTest {

  /// An address that other tests do not use.
  private final InetAddress address = InetAddress.ofLiteral("127.83.1.1");

  private final HostTaskNetwork network = network(1);

  private HostTaskNetwork network(long seed) {
    return new HostTaskNetwork(address, new Random(seed), port -> false);
  }

  private static PortRequest ingress(int target, Protocol protocol) {
    return new PortRequest(target, protocol, Mode.INGRESS, 0);
  }

  private static PortRequest host(int target, Protocol protocol, int published) {
    return new PortRequest(target, protocol, Mode.HOST, published);
  }

  private static AttachRequest request(String id, PortRequest... ports) {
    return new AttachRequest(id, List.of(ports));
  }

  private int freePort() throws Exception {
    try (var socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(address, 0));
      return socket.getLocalPort();
    }
  }

  @Test
  void aHostPortWithoutANumberIsAFreeOneOfTheNode() throws Exception {
    var one = network.attach(request("a", host(80, Protocol.TCP, 0))).ports().getFirst();
    var other = network.attach(request("b", host(80, Protocol.TCP, 0))).ports().getFirst();
    assertThat(one.port())
        .isBetween(HostTaskNetwork.FIRST_PORT, HostTaskNetwork.LAST_PORT)
        .isNotEqualTo(other.port());
    assertThat(one.request().mode()).isEqualTo(Mode.HOST);
  }

  @Test
  void aTaskIsToldItsPorts() throws Exception {
    var attachment =
        network.attach(
            request(
                "a",
                ingress(80, Protocol.TCP),
                ingress(53, Protocol.UDP),
                ingress(80, Protocol.UDP)));
    var ports = attachment.ports().stream().map(AssignedPort::port).toList();
    assertThat(ports)
        .doesNotHaveDuplicates()
        .allSatisfy(
            port ->
                assertThat(port).isBetween(HostTaskNetwork.FIRST_PORT, HostTaskNetwork.LAST_PORT));
    assertThat(attachment.environment())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "SKEIN_ADDR", "127.83.1.1",
                "PORT", ports.get(0) + "",
                "SKEIN_PORT_80", ports.get(0) + "",
                "SKEIN_PORT_53", ports.get(1) + "",
                "SKEIN_PORT_80_UDP", ports.get(2) + ""));
  }

  @Test
  void noTwoLiveTasksHaveOnePort() throws Exception {
    var seen = new HashSet<Integer>();
    // Every search starts at the same place.
    var stubborn = new HostTaskNetwork(address, () -> 0L, port -> false);
    for (var i = 0; i < 50; i++) {
      seen.add(
          stubborn.attach(request("t" + i, ingress(80, Protocol.TCP))).ports().getFirst().port());
    }
    assertThat(seen).hasSize(50);
    stubborn.detach("t0");
    var again = stubborn.attach(request("u", ingress(80, Protocol.TCP))).ports().getFirst().port();
    assertThat(again).isEqualTo(seen.stream().min(Integer::compare).orElseThrow());
  }

  @Test
  void adoptedAndPublishedPortsAreNotAssigned() throws Exception {
    var first = network(7).attach(request("a", ingress(80, Protocol.TCP)));
    var port = first.ports().getFirst().port();

    var next = network(7);
    next.adopt(first);
    assertThat(next.attach(request("b", ingress(80, Protocol.TCP))).ports().getFirst().port())
        .isEqualTo(port + 1);

    var published = new HostTaskNetwork(address, new Random(7), p -> p == port);
    assertThat(published.attach(request("c", ingress(80, Protocol.TCP))).ports().getFirst().port())
        .isEqualTo(port + 1);
  }

  @Test
  void boundPortsAreNotAssigned() throws Exception {
    var port = network(3).attach(request("a", ingress(80, Protocol.TCP))).ports().getFirst().port();
    try (var onNode = new ServerSocket();
        var onAll = new ServerSocket()) {
      onNode.bind(new InetSocketAddress(address, port));
      onAll.bind(new InetSocketAddress(port + 1));
      assertThat(
              network(3).attach(request("b", ingress(80, Protocol.TCP))).ports().getFirst().port())
          .isEqualTo(port + 2);
    }
  }

  @Test
  void aHostPortIsThePublishedOneOrRefused() throws Exception {
    var port = freePort();
    var attachment = network.attach(request("a", host(80, Protocol.TCP, port)));
    assertThat(attachment.environment())
        .containsEntry("SKEIN_PORT_80", port + "")
        .containsEntry("PORT", port + "");
    assertThatThrownBy(() -> network.attach(request("b", host(81, Protocol.TCP, port))))
        .isInstanceOf(NetworkRejection.class)
        .hasMessage("port " + port + "/tcp of this node is in use by task a");
    network.detach("a");

    try (var socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(address, port));
      assertThatThrownBy(() -> network.attach(request("b", host(81, Protocol.TCP, port))))
          .isInstanceOf(NetworkRejection.class)
          .hasMessageContaining("port " + port + "/tcp")
          .hasMessageContaining("publish another port");
    }
    try (var socket = new DatagramSocket(null)) {
      socket.bind(new InetSocketAddress(address, port));
      assertThatThrownBy(() -> network.attach(request("b", host(81, Protocol.UDP, port))))
          .isInstanceOf(NetworkRejection.class)
          .hasMessageContaining(port + "/udp");
    }
    // A refused request leaves nothing behind.
    network.attach(request("b", host(81, Protocol.TCP, port)));
  }

  @Test
  void whenAllPortsAreTakenTheTaskIsRefused() {
    var full = new HostTaskNetwork(address, new Random(1), port -> true);
    assertThatThrownBy(() -> full.attach(request("a", ingress(80, Protocol.TCP))))
        .isInstanceOf(NetworkRejection.class)
        .hasMessage("no port between 20000 and 29999 is free on this node");
  }

  @Test
  void impossiblePortsAreRefused() {
    assertThatThrownBy(() -> ingress(0, Protocol.TCP)).hasMessageContaining("target port 0");
    assertThatThrownBy(() -> ingress(65_536, Protocol.TCP)).hasMessageContaining("65536");
    assertThatThrownBy(() -> host(80, Protocol.TCP, -1)).hasMessageContaining("published port -1");
    assertThatThrownBy(() -> request("a", ingress(80, Protocol.TCP), ingress(80, Protocol.TCP)))
        .hasMessageContaining("twice");
  }
}
