package dev.skein.cli.daemon;

import dev.skein.api.ApiException;
import dev.skein.net.NodeAddress;
import dev.skein.proto.v1.NodeRecord;
import java.net.InetSocketAddress;

/// Where a node listens, and what it tells others to reach it at.
///
/// @param listenHost the address bound, `0.0.0.0` for all
/// @param advertiseHost the address that others use
/// @param port of the RPCs; Raft has the next one
record NodeAddresses(String listenHost, String advertiseHost, int port) {

  static final int PORT_DEFAULT = 2377;

  private static final String ANY = "0.0.0.0";

  // Raft's port is one more.
  private static final int PORT_MAX = 65_534;

  /// Works out what `--listen-addr` and `--advertise-addr` mean on this machine.
  ///
  /// @throws ApiException 400, with what to do, if they mean nothing or too much
  static NodeAddresses resolve(String listen, String advertise) {
    try {
      var host = ANY;
      var port = PORT_DEFAULT;
      if (!listen.isEmpty()) {
        if (listen.startsWith(ANY)) {
          port = listen.equals(ANY) ? PORT_DEFAULT : portOf(listen);
        } else {
          var resolved = new NodeAddress().resolve(listen, PORT_DEFAULT);
          host = resolved.getAddress().getHostAddress();
          port = resolved.getPort();
        }
      }
      var shown = advertise.isEmpty() && !host.equals(ANY) ? host : advertise;
      var advertised = new NodeAddress().resolve(shown, port);
      if (advertised.getPort() != port) {
        throw new IllegalArgumentException(
            "the advertised port %d is not the listen port %d"
                .formatted(advertised.getPort(), port));
      }
      if (port > PORT_MAX) {
        throw new IllegalArgumentException(
            "port %d leaves none for Raft, which has the next one".formatted(port));
      }
      return new NodeAddresses(host, advertised.getAddress().getHostAddress(), port);
    } catch (IllegalArgumentException e) {
      throw new ApiException(400, String.valueOf(e.getMessage()));
    }
  }

  private static int portOf(String address) {
    var colon = address.lastIndexOf(':');
    try {
      var port = Integer.parseInt(address.substring(colon + 1));
      if (colon > 0 && port > 0) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException("invalid listen address \"" + address + "\"");
  }

  static NodeAddresses of(NodeRecord record) {
    return new NodeAddresses(record.getListenAddr(), record.getAdvertiseHost(), record.getPort());
  }

  /// A record with these addresses and nothing else.
  NodeRecord record() {
    return NodeRecord.newBuilder()
        .setListenAddr(listenHost)
        .setAdvertiseHost(advertiseHost)
        .setPort(port)
        .setRaftPort(raftPort())
        .build();
  }

  int raftPort() {
    return port + 1;
  }

  InetSocketAddress listenRpc() {
    return new InetSocketAddress(listenHost, port);
  }

  String rpc() {
    return hostPort(advertiseHost, port);
  }

  String raft() {
    return hostPort(advertiseHost, raftPort());
  }

  /// A manager's address as the user gave it, with the usual port if it names none.
  static String withPort(String address) {
    var bracket = address.lastIndexOf(']');
    return address.indexOf(':', bracket + 1) >= 0 ? address : address + ":" + PORT_DEFAULT;
  }

  private static String hostPort(String host, int port) {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
