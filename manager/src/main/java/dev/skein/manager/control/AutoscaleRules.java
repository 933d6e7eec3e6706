package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;

import com.google.protobuf.Duration;
import dev.skein.manager.plan.Endpoints;
import dev.skein.proto.v1.Autoscale;
import dev.skein.proto.v1.Protocol;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.state.Defaults;
import dev.skein.state.Times;
import java.util.stream.Stream;

/// What bounds and targets a service may be scaled by.
final class AutoscaleRules {
  private static final double TARGET_MAX = 1e9;

  /// Recommendations of so long are kept for each service.
  private static final java.time.Duration DELAY_MAX = java.time.Duration.ofHours(24);

  private AutoscaleRules() {}

  /// @throws Rejection naming the first thing that is wrong
  static void check(ServiceSpec spec, long replicasMax) throws Rejection {
    var autoscale = spec.getAutoscale();
    if (!Defaults.isReplicated(spec)) {
      throw invalid(
          "only replicated services can be scaled by themselves: %s is not one", spec.getName());
    }
    var min = Defaults.autoscaleMin(autoscale);
    if (autoscale.getMax() == 0) {
      throw invalid(
          "autoscale: max is missing: say how many replicas %s may have at most, as in --max 10",
          spec.getName());
    }
    if (autoscale.getMax() < 1 || autoscale.getMax() > replicasMax) {
      throw invalid(
          "autoscale: max %s must be between 1 and %d",
          Long.toUnsignedString(autoscale.getMax()), replicasMax);
    }
    if (min < 0 || min > autoscale.getMax()) {
      throw invalid(
          "autoscale: min %s must be between 0 and max, which is %d",
          Long.toUnsignedString(min), autoscale.getMax());
    }
    checkTargets(autoscale);
    checkDelay(
        "autoscale-scale-down-delay", autoscale.hasScaleDownDelay(), autoscale.getScaleDownDelay());
    checkDelay(
        "autoscale-scale-up-delay", autoscale.hasScaleUpDelay(), autoscale.getScaleUpDelay());
    if (needsMesh(autoscale) && !hasMeshPort(spec)) {
      throw invalid(
          "autoscale: service %s publishes no tcp port through the mesh, which is what counts"
              + " connections and wakes a service that has no replicas: publish one, or use min 1"
              + " and target-cpu",
          spec.getName());
    }
  }

  private static void checkTargets(Autoscale autoscale) throws Rejection {
    var targets =
        Stream.of(
                autoscale.getTargetCpu(),
                autoscale.getTargetConnections(),
                autoscale.getTargetRps())
            .filter(target -> target != 0)
            .toList();
    if (targets.size() != 1) {
      throw invalid(
          "autoscale: %d targets given: give one of target-cpu, target-connections, target-rps",
          targets.size());
    }
    var target = targets.getFirst();
    if (!(target > 0 && target <= TARGET_MAX)) {
      throw invalid("autoscale: target %s must be more than 0 and at most %s", target, TARGET_MAX);
    }
  }

  private static void checkDelay(String name, boolean given, Duration delay) throws Rejection {
    Durations.check(name, given, delay);
    if (given && Times.duration(delay).compareTo(DELAY_MAX) > 0) {
      throw invalid(
          "%s of %s is longer than %s",
          name, Durations.text(Times.duration(delay)), Durations.text(DELAY_MAX));
    }
  }

  private static boolean needsMesh(Autoscale autoscale) {
    return Defaults.autoscaleMin(autoscale) == 0 || autoscale.getTargetCpu() == 0;
  }

  private static boolean hasMeshPort(ServiceSpec spec) {
    return spec.getEndpointSpec().getPortsList().stream()
        .anyMatch(
            port ->
                !Endpoints.isHostMode(port) && Endpoints.protocol(port) == Protocol.PROTOCOL_TCP);
  }
}
