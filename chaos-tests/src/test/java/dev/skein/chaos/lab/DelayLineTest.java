package dev.skein.chaos.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.chaos.cluster.Await;
import dev.skein.cli.dev.SystemCommand;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A line between two namespaces of the test's own, which needs root: `far` is a network of its own
/// behind a link of the bridge in `hub`.
class DelayLineTest {

  private static final Duration DELAY = Duration.ofMillis(80);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String NEAR_ADDRESS = "10.79.0.254";
  private static final String FAR_ADDRESS = "10.79.0.1";

  private static final String PREFIX = "skein-line-" + ProcessHandle.current().pid();
  private static final String HUB = PREFIX;
  private static final String FAR = PREFIX + "-far";

  @BeforeEach
  void makeNetworks() throws IOException {
    for (var namespace : List.of(HUB, FAR)) {
      SystemCommand.run("ip", "netns", "add", namespace);
      ip(namespace, "link set lo up");
    }
    ip(HUB, "link add br0 type bridge forward_delay 0");
    ip(HUB, "address add " + NEAR_ADDRESS + "/24 dev br0");
    ip(HUB, "link set br0 up");
    ip(HUB, "link add far type veth peer name eth0 netns " + FAR);
    ip(HUB, "link set far master br0 up");
    ip(FAR, "address add " + FAR_ADDRESS + "/24 dev eth0");
    ip(FAR, "link set eth0 up");
  }

  @AfterEach
  void removeNetworks() {
    for (var namespace : List.of(HUB, FAR)) {
      SystemCommand.succeeds("ip", "netns", "delete", namespace);
    }
  }

  private static void ip(String namespace, String words) throws IOException {
    var command = new ArrayList<>(List.of("ip", "-n", namespace));
    command.addAll(List.of(words.split(" ")));
    SystemCommand.run(command);
  }

  private static Path file(String namespace) {
    return Path.of("/run/netns", namespace);
  }

  /// What a thread finds in a network.
  private static <T> T in(String namespace, Callable<T> what) throws Exception {
    var task =
        new FutureTask<>(
            () -> {
              NetworkNamespace.enter(file(namespace));
              return what.call();
            });
    Thread.ofPlatform().start(task);
    return task.get();
  }

  private static DelayLine inserted(Duration delay, Duration jitter) throws IOException {
    var line = DelayLine.open(file(HUB), "far", "line", delay, jitter, new Random(1));
    ip(HUB, "link set far nomaster arp off");
    ip(HUB, "link set line master br0 up");
    return line;
  }

  private static void restore() throws IOException {
    ip(HUB, "link set far master br0 arp on");
  }

  /// Sends back what it gets, until it is closed.
  private static ServerSocket echo() throws Exception {
    var server = in(FAR, () -> new ServerSocket(0));
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              while (!server.isClosed()) {
                try (var socket = server.accept()) {
                  socket.getInputStream().transferTo(socket.getOutputStream());
                } catch (IOException e) {
                  // The next one.
                }
              }
            });
    return server;
  }

  private static Socket connect(ServerSocket server) throws Exception {
    return in(
        HUB,
        () -> {
          var socket = new Socket();
          socket.connect(
              new InetSocketAddress(FAR_ADDRESS, server.getLocalPort()), (int) SOON.toMillis());
          socket.setSoTimeout((int) SOON.toMillis());
          return socket;
        });
  }

  private static Duration answer(Socket socket) throws IOException {
    var begin = System.nanoTime();
    socket.getOutputStream().write(1);
    assertThat(socket.getInputStream().read()).isEqualTo(1);
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  /// The shortest of some: what the machine does beside it makes the others longer.
  private static Duration shortestAnswer(Socket socket) throws IOException {
    var shortest = answer(socket);
    for (var i = 0; i < 4; i++) {
      var next = answer(socket);
      shortest = next.compareTo(shortest) < 0 ? next : shortest;
    }
    return shortest;
  }

  @Test
  void aConnectionThatThereIsTakesTwiceTheDelayForAnAnswerUntilTheLineEnds() throws Exception {
    try (var server = echo();
        var socket = connect(server)) {
      assertThat(shortestAnswer(socket)).isLessThan(DELAY);
      try (var line = inserted(DELAY, Duration.ZERO)) {
        assertThat(shortestAnswer(socket)).isBetween(DELAY.multipliedBy(2), DELAY.multipliedBy(4));
        assertThat(line.isOpen()).isTrue();
      }
      restore();
      assertThat(shortestAnswer(socket)).isLessThan(DELAY);
    }
  }

  @Test
  void whatIsLongArrivesWholeThroughALineThatLetsFramesOvertakeEachOther() throws Exception {
    var sent = new byte[3_000_000];
    new Random(2).nextBytes(sent);
    try (var server = echo();
        var line = inserted(Duration.ofMillis(5), Duration.ofMillis(5));
        var socket = connect(server)) {
      var writer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      socket.getOutputStream().write(sent);
                      socket.shutdownOutput();
                    } catch (IOException e) {
                      // Too little is read then.
                    }
                  });
      var received = socket.getInputStream().readAllBytes();
      writer.join();
      assertThat(Arrays.equals(received, sent)).isTrue();
      assertThat(line.isOpen()).isTrue();
    }
  }

  @Test
  void datagramsAreDelayedEvenThoseInFragments() throws Exception {
    try (var far = in(FAR, () -> new DatagramSocket(0));
        var near = in(HUB, () -> new DatagramSocket(0));
        var line = inserted(DELAY, Duration.ZERO)) {
      far.setSoTimeout((int) SOON.toMillis());
      var address = new InetSocketAddress(FAR_ADDRESS, far.getLocalPort());
      var received = new DatagramPacket(new byte[9000], 9000);
      for (var length : List.of(1, 4000)) {
        var begin = System.nanoTime();
        near.send(new DatagramPacket(new byte[length], length, address));
        far.receive(received);
        assertThat(received.getLength()).isEqualTo(length);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(DELAY);
      }
      assertThat(line.isOpen()).isTrue();
    }
  }

  @Test
  void whoeverDeletesItsLinkEndsTheLine() throws Exception {
    try (var line = inserted(DELAY, Duration.ZERO)) {
      ip(HUB, "link delete line");
      Await.until("it has ended", SOON, () -> assertThat(line.isOpen()).isFalse());
    }
  }

  @Test
  void closingItRemovesItsLink() throws Exception {
    inserted(DELAY, Duration.ZERO).close();
    assertThat(SystemCommand.succeeds("ip", "-n", HUB, "link", "show", "line")).isFalse();
  }

  @Test
  void aLinkThatThereIsNotIsNamed() {
    assertThatThrownBy(
            () -> DelayLine.open(file(HUB), "nowhere", "line", DELAY, Duration.ZERO, new Random(1)))
        .hasMessage("packets of nowhere can't be delayed: there is no link nowhere");
    assertThatThrownBy(
            () ->
                DelayLine.open(
                    file(HUB), "far", "a-name-far-too-long", DELAY, Duration.ZERO, new Random(1)))
        .hasMessageContaining("\"a-name-far-too-long\" is no link's name");
  }
}
