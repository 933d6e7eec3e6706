package dev.skein.manager.update;

import dev.skein.manager.plan.Canary;
import dev.skein.proto.v1.FailureAction;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateOrder;
import dev.skein.proto.v1.UpdateState;
import dev.skein.state.Defaults;
import java.time.Duration;
import java.time.Instant;

/// How a service is being moved to its present revision.
///
/// @param rollback whether that revision is an earlier one
/// @param config the update's or the rollback's
/// @param action what follows a failure
/// @param canaries how many slots are replaced before the update holds; 0: it does not
record Rollout(boolean rollback, UpdateConfig config, FailureAction action, long canaries) {
  static Rollout of(Service service) {
    var spec = service.getSpec();
    var rollback =
        service.getUpdateStatus().getState() == UpdateState.UPDATE_STATE_ROLLBACK_STARTED;
    return new Rollout(
        rollback,
        rollback ? spec.getRollbackConfig() : spec.getUpdateConfig(),
        rollback ? Defaults.rollbackFailureAction(spec) : Defaults.updateFailureAction(spec),
        Canary.isInForce(service) ? spec.getUpdateConfig().getCanary() : 0);
  }

  boolean hasCanaries() {
    return canaries != 0;
  }

  boolean isStartFirst() {
    return Defaults.updateOrder(config) == UpdateOrder.UPDATE_ORDER_START_FIRST;
  }

  Duration delay() {
    return Defaults.updateDelay(config);
  }

  Duration monitor() {
    return Defaults.updateMonitor(config);
  }

  /// When a task that is to run since `begun` and does not has failed.
  Instant deadline(Instant begun) {
    return begun.plus(Defaults.updateProgressDeadline(config));
  }

  /// How many slots may be replaced now.
  ///
  /// @param replaced how many there are already
  /// @param underWay how many of those do not yet run for long enough
  long places(long replaced, long underWay) {
    var parallelism = Defaults.updateParallelism(config);
    var atOnce = parallelism == 0 ? Long.MAX_VALUE : Math.max(0, parallelism - underWay);
    return hasCanaries() ? Math.min(atOnce, Math.max(0, canaries - replaced)) : atOnce;
  }

  /// Whether so many failures are too many. Canaries are measured by their own number.
  boolean isTooMany(int failed, int slots) {
    var all = hasCanaries() ? Math.min(canaries, slots) : slots;
    return failed > 0 && (all == 0 || (double) failed / all > config.getMaxFailureRatio());
  }
}
