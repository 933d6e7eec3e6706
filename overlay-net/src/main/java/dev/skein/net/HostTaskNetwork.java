package dev.skein.net;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Tasks share the node's own network: each target port becomes a free port of the node, or in host
/// mode the published one, if it has a number.
///
/// Assigned ports are [#FIRST_PORT] to [#LAST_PORT]: below Linux's ephemeral range, so that no
/// outgoing connection takes one between its assignment and the task's start, and away from the
/// ports that people publish. A port is tried by binding it; a process that is not ours can still
/// take it before the task does, and the task then fails and is replaced with another port.
///
/// Safe for any thread; one lock, held while ports are tried.
public final class HostTaskNetwork implements TaskNetwork {

  /// The first port that is assigned.
  public static final int FIRST_PORT = 20_000;

  /// The last port that is assigned.
  public static final int LAST_PORT = 29_999;

  private final InetAddress address;
  private final RandomGenerator random;
  private final IntPredicate published;
  private final Map<String, Attachment> attached = new HashMap<>();

  /// @param address the node's, which tasks bind and other nodes reach
  /// @param random where the search for a port starts, so that daemons of one machine do not race
  ///     for the same one
  /// @param published whether the mesh listens on this port or is about to
  public HostTaskNetwork(InetAddress address, RandomGenerator random, IntPredicate published) {
    this.address = address;
    this.random = random;
    this.published = published;
  }

  @Override
  public synchronized Attachment attach(AttachRequest request) throws NetworkRejection {
    if (attached.containsKey(request.taskId())) {
      throw new IllegalStateException("task " + request.taskId() + " is attached already");
    }
    var taken = taken();
    var ports = new ArrayList<AssignedPort>();
    for (var port : request.ports()) {
      var number =
          port.mode() == PortRequest.Mode.HOST && port.published() != 0
              ? host(port, request.taskId())
              : free(port, taken);
      taken.add(number);
      ports.add(new AssignedPort(port, number));
    }
    var attachment = new Attachment(request.taskId(), address.getHostAddress(), ports);
    attached.put(request.taskId(), attachment);
    return attachment;
  }

  @Override
  public synchronized void detach(String taskId) {
    attached.remove(taskId);
  }

  @Override
  public synchronized void adopt(Attachment attachment) {
    attached.put(attachment.taskId(), attachment);
  }

  /// The ports of all live tasks, of either protocol: one number is one task's.
  private Set<Integer> taken() {
    var taken = new HashSet<Integer>();
    for (var attachment : attached.values()) {
      attachment.ports().forEach(port -> taken.add(port.port()));
    }
    return taken;
  }

  private int host(PortRequest port, String taskId) throws NetworkRejection {
    var number = port.published();
    for (var other : attached.values()) {
      for (var assigned : other.ports()) {
        if (assigned.port() == number && assigned.request().protocol() == port.protocol()) {
          throw new NetworkRejection(
              "port " + name(port, number) + " of this node is in use by task " + other.taskId());
        }
      }
    }
    // Not on all addresses: another node of this machine may have the same port on its own address.
    var reason = refusal(port.protocol(), new InetSocketAddress(address, number));
    if (reason != null) {
      throw new NetworkRejection(
          "task "
              + taskId
              + " cannot have port "
              + name(port, number)
              + " of this node: "
              + reason
              + "; publish another port or end what uses it");
    }
    return number;
  }

  private int free(PortRequest port, Set<Integer> taken) throws NetworkRejection {
    var count = LAST_PORT - FIRST_PORT + 1;
    var start = random.nextInt(count);
    for (var i = 0; i < count; i++) {
      var number = FIRST_PORT + (start + i) % count;
      if (!taken.contains(number) && !published.test(number) && isFree(port.protocol(), number)) {
        return number;
      }
    }
    throw new NetworkRejection(
        "no port between " + FIRST_PORT + " and " + LAST_PORT + " is free on this node");
  }

  private static String name(PortRequest port, int number) {
    return number + (port.protocol() == Protocol.TCP ? "/tcp" : "/udp");
  }

  /// Whether the port can be bound on the node's address, where tasks are asked to listen, and on
  /// all addresses, where many listen anyway.
  private boolean isFree(Protocol protocol, int port) {
    return refusal(protocol, new InetSocketAddress(address, port)) == null
        && refusal(protocol, new InetSocketAddress(port)) == null;
  }

  /// Why it cannot be bound, or null when it can.
  private static @Nullable String refusal(Protocol protocol, InetSocketAddress at) {
    try {
      bind(protocol, at);
      return null;
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static void bind(Protocol protocol, InetSocketAddress at) throws IOException {
    switch (protocol) {
      case TCP -> {
        try (var socket = new ServerSocket()) {
          // Connections of an earlier task that linger do not stop the next one's listener.
          socket.setReuseAddress(true);
          socket.bind(at);
        }
      }
      case UDP -> bindDatagram(at);
    }
  }

  private static void bindDatagram(InetSocketAddress at) throws SocketException {
    try (var socket = new DatagramSocket(null)) {
      socket.bind(at);
    }
  }
}
