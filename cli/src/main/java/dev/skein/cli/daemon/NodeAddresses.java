package dev.skein.cli.daemon;

import dev.skein.api.ApiException;
import java.net.InetSocketAddress;

/// Where a node listens, and what it tells others to reach it at.
///
/// @param listenHost the address bound, `0.0.0.0` for all
/// @param advertiseHost the address that others use
/// @param port of the RPCs; Raft has the next one
record NodeAddresses(String listenHost, String advertiseHost, int port) {

  static final int PORT_DEFAULT = 2377;

  /// Works out what `--listen-addr` and `--advertise-addr` mean on this machine.
  ///
  /// @throws ApiException 400, with what to do, if they mean nothing or too much
  static NodeAddresses resolve(String listen, String advertise) {
    return new NodeAddresses("", "", 0);
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

  static String hostPort(String host, int port) {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
