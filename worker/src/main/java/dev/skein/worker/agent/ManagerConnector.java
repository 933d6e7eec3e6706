package dev.skein.worker.agent;

import io.grpc.Channel;

/// Connects to managers as this node, over mutual TLS. Thread-safe; must not block.
@FunctionalInterface
public interface ManagerConnector {

  /// The channel to the manager at `address` (`host:port`). It may be one that is open already,
  /// and stays the connector's to close. Its inbound message limit has to fit all of a node's
  /// tasks.
  Channel to(String address);
}
