package dev.skein.mesh;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;

/// Where one task's replica can be reached, and whether it may get new connections.
///
/// @param taskId the task, unique within its published port
/// @param host an IPv4 or IPv6 literal; names are refused because resolving one would block an
///     event loop
/// @param port 1 to 65,535
/// @param state whether new connections may go there
public record Endpoint(String taskId, String host, int port, State state) {

  /// What an endpoint may be given.
  public enum State {
    /// New connections and what is open.
    READY,
    /// Only what is already open: the replica is about to be stopped.
    DRAINING
  }

  /// Checks the values.
  ///
  /// @throws IllegalArgumentException when the task id is empty, the host is no address literal or
  ///     the port is out of range
  public Endpoint {
    Objects.requireNonNull(state, "state");
    if (taskId.isEmpty()) {
      throw new IllegalArgumentException("an endpoint needs a task id; got an empty one");
    }
    if (port < 1 || port > PublishedPort.PORT_MAX) {
      throw new IllegalArgumentException(
          "endpoint of task %s has port %d; give one from 1 to %d"
              .formatted(taskId, port, PublishedPort.PORT_MAX));
    }
    literal(taskId, host);
  }

  /// The socket address to connect to.
  public InetSocketAddress address() {
    return new InetSocketAddress(literal(taskId, host), port);
  }

  private static InetAddress literal(String taskId, String host) {
    try {
      return InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "endpoint of task %s has host '%s'; give an IPv4 or IPv6 address, not a name"
              .formatted(taskId, host),
          e);
    }
  }
}
