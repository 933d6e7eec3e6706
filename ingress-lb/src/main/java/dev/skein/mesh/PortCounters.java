package dev.skein.mesh;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// The counters of one port; event loops add, anyone reads.
final class PortCounters {
  final AtomicInteger open = new AtomicInteger();
  final AtomicInteger held = new AtomicInteger();
  final LongAdder total = new LongAdder();
  final LongAdder bytesFromClients = new LongAdder();
  final LongAdder bytesToClients = new LongAdder();
  final LongAdder retries = new LongAdder();
  final LongAdder refused = new LongAdder();

  MeshStats.Port snapshot(String serviceId, PortKey key) {
    return new MeshStats.Port(
        serviceId,
        key,
        open.get(),
        held.get(),
        total.sum(),
        bytesFromClients.sum(),
        bytesToClients.sum(),
        retries.sum(),
        refused.sum());
  }
}
