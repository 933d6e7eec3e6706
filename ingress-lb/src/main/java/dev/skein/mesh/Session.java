package dev.skein.mesh;

/// Something open on a replica: a TCP connection or a UDP session.
interface Session {
  /// The replica is gone; called from any thread, returns at once.
  void evict(Replica replica);
}
