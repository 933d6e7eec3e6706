package dev.skein.worker.agent;

import dev.skein.proto.v1.MeshEndpoint;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.MeshUpdate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/// The routing mesh's table as the managers sent it, and which draining endpoints this node's mesh
/// let go of.
///
/// Not thread-safe: owned by the agent's core.
final class MeshView {

  private final TreeMap<String, MeshService> services = new TreeMap<>();
  private final Set<String> draining = new HashSet<>();
  private final Set<String> letGo = new HashSet<>();

  MeshView(List<MeshService> known) {
    known.forEach(service -> services.put(service.getServiceId(), service));
    refreshDraining();
  }

  /// Takes an update in.
  void update(MeshUpdate update) {
    if (update.getComplete()) {
      services.clear();
    }
    update.getRemovedList().forEach(services::remove);
    update.getServicesList().forEach(service -> services.put(service.getServiceId(), service));
    refreshDraining();
  }

  private void refreshDraining() {
    draining.clear();
    for (var service : services.values()) {
      for (var endpoint : service.getEndpointsList()) {
        if (endpoint.getDraining()) {
          draining.add(endpoint.getTaskId());
        }
      }
    }
    letGo.retainAll(draining);
  }

  /// The mesh let go of an endpoint: whether the managers wait to hear it.
  boolean letGo(String taskId) {
    return draining.contains(taskId) && letGo.add(taskId);
  }

  /// Every draining endpoint that the mesh has let go of: what a new leader has to hear.
  List<String> letGo() {
    return letGo.stream().sorted().toList();
  }

  /// The table without the endpoints that this node knows to be dead, before the managers do.
  List<MeshService> table(Predicate<MeshEndpoint> dead) {
    var table = new ArrayList<MeshService>(services.size());
    for (var service : services.values()) {
      table.add(
          service.getEndpointsList().stream().anyMatch(dead) ? without(service, dead) : service);
    }
    return table;
  }

  /// Whether a task is an endpoint of some service.
  boolean contains(String taskId) {
    return services.values().stream()
        .flatMap(service -> service.getEndpointsList().stream())
        .anyMatch(endpoint -> endpoint.getTaskId().equals(taskId));
  }

  private static MeshService without(MeshService service, Predicate<MeshEndpoint> dead) {
    return service.toBuilder()
        .clearEndpoints()
        .addAllEndpoints(service.getEndpointsList().stream().filter(dead.negate()).toList())
        .build();
  }
}
