package dev.skein.state.ratis;

/// A voting member of the Raft group.
///
/// @param id unique for ever in the cluster: a node that lost its disk comes back under a new one
/// @param host address or name that the other members dial
/// @param port Raft port, 1 to 65535
public record RaftMember(String id, String host, int port) {
  /// Longest id in characters.
  public static final int ID_CHARACTERS_MAX = 128;

  public RaftMember {
    if (!id.matches("[A-Za-z0-9._-]{1," + ID_CHARACTERS_MAX + "}")) {
      throw new IllegalArgumentException(
          "member id '" + id + "' must have 1 to " + ID_CHARACTERS_MAX + " of A-Z a-z 0-9 . _ -");
    }
    if (host.isEmpty()) {
      throw new IllegalArgumentException("member " + id + " has no host");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("member " + id + " has port " + port);
    }
  }

  /// `host:port`, with an IPv6 address in brackets.
  public String address() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  /// The member at a `host:port` address.
  static RaftMember parse(String id, String address) {
    int colon = address.lastIndexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("member " + id + " has address '" + address + "'");
    }
    String host = address.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    return new RaftMember(id, host, Integer.parseInt(address.substring(colon + 1)));
  }
}
