package dev.skein.manager.autoscale;

import dev.skein.manager.control.Mutation;
import dev.skein.proto.v1.Autoscale;
import dev.skein.proto.v1.NodeStats;
import dev.skein.proto.v1.Service;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Decides for every service that is scaled by itself: state, measurements and time to mutations.
/// It has no clock and no thread. What it remembers is a service's recent recommendations, and a
/// new leader does well without: until it has watched for long enough, it only adds replicas.
/// Owned by one thread.
public final class AutoscaleCore {
  private final Map<String, Watched> services = new HashMap<>();

  private record Watched(Autoscale spec, RecommendationWindow window) {}

  /// What is to be changed now.
  ///
  /// @param fresh what is known of nodes, by id
  /// @param wanted services that clients have begun to wait for
  public List<Mutation.Autoscale> decide(
      ClusterState state, Map<String, NodeStats> fresh, Set<String> wanted, Instant now) {
    var decided = new ArrayList<Mutation.Autoscale>();
    var scaled = new HashSet<String>();
    for (var service : state.services().values()) {
      if (isScaled(service)) {
        scaled.add(service.getId());
        var demand = Demand.of(state, service, fresh, wanted.contains(service.getId()));
        var mutation = decide(service, demand, now);
        if (mutation != null) {
          decided.add(mutation);
        }
      }
    }
    services.keySet().retainAll(scaled);
    return decided;
  }

  /// Whether the number of the service's replicas is the leader's to choose.
  public static boolean isScaled(Service service) {
    return service.getSpec().hasAutoscale()
        && Defaults.isReplicated(service.getSpec())
        && !service.getPendingDelete();
  }

  private Mutation.@Nullable Autoscale decide(Service service, Demand demand, Instant now) {
    var spec = service.getSpec().getAutoscale();
    var present = Defaults.replicas(service.getSpec());
    var min = Defaults.autoscaleMin(spec);
    if (present < min || present > spec.getMax()) {
      var bound = present < min ? min : spec.getMax();
      return mutation(
          service, present, bound, "it may have %d to %d".formatted(min, spec.getMax()), now);
    }
    var watched = services.get(service.getId());
    if (watched == null || !watched.spec.equals(spec)) {
      watched = new Watched(spec, new RecommendationWindow());
      services.put(service.getId(), watched);
    }
    var recommended = Recommendation.of(spec, present, demand);
    if (recommended == null) {
      watched.window.interrupt();
      return null;
    }
    var replicas = watched.window.decide(spec, present, recommended, now);
    return replicas == present
        ? null
        : mutation(service, present, replicas, recommended.why(), now);
  }

  private static Mutation.Autoscale mutation(
      Service service, long from, long to, String why, Instant now) {
    return new Mutation.Autoscale(
        service.getId(),
        service.getSpec().getAutoscale(),
        from,
        to,
        "scaled from %d to %d replicas: %s".formatted(from, to, why),
        now);
  }
}
