package dev.skein.manager.autoscale;

import dev.skein.proto.v1.Autoscale;
import dev.skein.state.Defaults;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How many replicas a service should have by one look at what is asked of it.
///
/// @param replicas within the service's bounds
/// @param why in words that follow "from 2 to 5 replicas: "
record Recommendation(long replicas, String why) {
  /// So far off its target a service stays as it is. Kubernetes' value, as is the rule that the
  /// present load divided by the target is the number of replicas.
  static final double TOLERANCE = 0.1;

  /// At once a service at most doubles, or gets so many more: one wrong sample must not flood the
  /// cluster.
  static final long STEP_MIN = 4;

  /// The recommendation; null while nothing is known to base it on.
  ///
  /// @param present the replicas that the service asks for now
  static @Nullable Recommendation of(Autoscale spec, long present, Demand demand) {
    if (present == 0) {
      return demand.isUsed()
          ? new Recommendation(1, "connections wait for a replica")
          : new Recommendation(Defaults.autoscaleMin(spec), "nobody uses it");
    }
    if (Defaults.autoscaleMin(spec) == 0 && demand.complete() && !demand.isUsed()) {
      return new Recommendation(0, "nobody uses it");
    }
    var load = Load.of(spec, demand);
    if (load == null) {
      return null;
    }
    var needed = load.replicas(present);
    if (needed < present && !demand.complete()) {
      needed = present;
    }
    var most = Math.min(spec.getMax(), Math.max(present * 2, present + STEP_MIN));
    var least = Math.max(1, Defaults.autoscaleMin(spec));
    return new Recommendation(Math.max(least, Math.min(most, needed)), load.words);
  }

  /// What all replicas together have to bear.
  ///
  /// @param known the part that was measured
  /// @param unknown what the replicas that were not measured bear if they bear as much as they
  ///     should
  /// @param target what one replica should bear
  private record Load(double known, double unknown, double target, String words) {
    static @Nullable Load of(Autoscale spec, Demand demand) {
      if (spec.getTargetCpu() > 0) {
        if (demand.measured() == 0) {
          return null;
        }
        return new Load(
            demand.cpu(),
            (demand.running() - demand.measured()) * spec.getTargetCpu(),
            spec.getTargetCpu(),
            "%s%% of CPU each, %s%% wanted"
                .formatted(number(demand.cpu() / demand.measured()), number(spec.getTargetCpu())));
      }
      if (spec.getTargetConnections() > 0) {
        return new Load(
            demand.connections(),
            0,
            spec.getTargetConnections(),
            "%s connections open, %s wanted for each replica"
                .formatted(number(demand.connections()), number(spec.getTargetConnections())));
      }
      return new Load(
          demand.connectionsPerSecond(),
          0,
          spec.getTargetRps(),
          "%s connections per second, %s wanted for each replica"
              .formatted(number(demand.connectionsPerSecond()), number(spec.getTargetRps())));
    }

    /// What was not measured counts for nothing where that would give more replicas, and for as
    /// much as it should bear where it would give fewer.
    long replicas(long present) {
      if (known > present * target * (1 + TOLERANCE)) {
        return ceiling(known);
      }
      return known + unknown < present * target * (1 - TOLERANCE)
          ? Math.min(present, ceiling(known + unknown))
          : present;
    }

    private long ceiling(double load) {
      return (long) Math.ceil(load / target);
    }

    private static String number(double value) {
      return value >= 10 || value == Math.rint(value)
          ? Long.toString(Math.round(value))
          : String.format(Locale.ROOT, "%.1f", value);
    }
  }
}
