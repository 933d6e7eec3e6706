package dev.skein.manager.member;

import dev.skein.state.ratis.RaftMember;
import io.grpc.Status;
import io.grpc.StatusException;

/// Reads the Raft address that a node tells of itself.
final class RaftAddress {

  private RaftAddress() {}

  /// The member `id` at `address` (`host:port`, an IPv6 host in brackets).
  static RaftMember member(String id, String address) throws StatusException {
    try {
      var colon = address.lastIndexOf(':');
      if (colon < 0) {
        throw new IllegalArgumentException("no port");
      }
      var host = address.substring(0, colon);
      if (host.startsWith("[") && host.endsWith("]")) {
        host = host.substring(1, host.length() - 1);
      }
      return new RaftMember(id, host, Integer.parseInt(address.substring(colon + 1)));
    } catch (IllegalArgumentException e) {
      throw Status.INVALID_ARGUMENT
          .withDescription("bad Raft member \"" + id + "\" at \"" + address + "\"")
          .withCause(e)
          .asException();
    }
  }
}
