package dev.skein.mesh;

import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Set;

/// One endpoint behind one port; its mutable fields belong to its [EndpointPool]'s monitor.
final class Replica {
  final InetSocketAddress address;
  final TaskLoad load;
  final Set<Session> sessions = new HashSet<>();

  Endpoint endpoint;
  int failures;
  long avoidUntilNanos;

  Replica(Endpoint endpoint, TaskLoad load) {
    this.endpoint = endpoint;
    this.address = endpoint.address();
    this.load = load;
  }

  boolean ready() {
    return endpoint.state() == Endpoint.State.READY;
  }

  @Override
  public String toString() {
    return endpoint.toString();
  }
}
