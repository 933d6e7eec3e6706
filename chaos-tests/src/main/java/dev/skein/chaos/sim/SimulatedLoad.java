package dev.skein.chaos.sim;

import dev.skein.proto.v1.NodeStats;
import dev.skein.proto.v1.NodeUsage;
import dev.skein.proto.v1.ServiceTraffic;
import java.util.TreeMap;

/// The clients of the cluster's services: so many connections to each, which come in at one of the
/// nodes.
final class SimulatedLoad {
  private final SimulatedCluster cluster;
  private final TreeMap<String, Integer> connections = new TreeMap<>();

  SimulatedLoad(SimulatedCluster cluster) {
    this.cluster = cluster;
  }

  void set(String serviceId, int count) {
    connections.put(serviceId, count);
  }

  int of(String serviceId) {
    return connections.getOrDefault(serviceId, 0);
  }

  /// What a worker's agent measures now: all connections are at the first worker that is up.
  NodeStats measuredBy(SimulatedWorker worker) {
    var stats = NodeStats.newBuilder().setNode(NodeUsage.getDefaultInstance());
    var first =
        cluster.workers().values().stream()
            .filter(each -> each.isUp() && !each.isCutOff())
            .findFirst();
    var here = first.isPresent() && first.get() == worker;
    for (var service : cluster.state().services().values()) {
      if (service.getSpec().hasAutoscale()) {
        stats.addServices(
            ServiceTraffic.newBuilder()
                .setServiceId(service.getId())
                .setOpen(here ? of(service.getId()) : 0));
      }
    }
    return stats.build();
  }
}
