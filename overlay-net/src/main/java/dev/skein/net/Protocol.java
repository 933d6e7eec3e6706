package dev.skein.net;

/// A transport protocol that a port belongs to.
public enum Protocol {
  /// Connections.
  TCP,
  /// Datagrams.
  UDP
}
