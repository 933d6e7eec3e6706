package dev.skein.manager.plan;

import dev.skein.proto.v1.Service;

/// Updates that first replace a few slots, the canaries, and then hold until they are promoted or
/// rolled back.
public final class Canary {
  private Canary() {}

  /// Whether an update to the service's present revision stops after its canaries. It does until
  /// it was promoted; what goes back to an earlier revision has no canaries.
  public static boolean isInForce(Service service) {
    return service.getSpec().getUpdateConfig().getCanary() != 0
        && service.getPromotedVersion() != service.getSpecVersion()
        && !isRollback(service);
  }

  private static boolean isRollback(Service service) {
    return switch (service.getUpdateStatus().getState()) {
      case UPDATE_STATE_ROLLBACK_STARTED,
          UPDATE_STATE_ROLLBACK_PAUSED,
          UPDATE_STATE_ROLLBACK_COMPLETED ->
          true;
      case UPDATE_STATE_UNSPECIFIED,
          UPDATE_STATE_UPDATING,
          UPDATE_STATE_PAUSED,
          UPDATE_STATE_COMPLETED,
          UPDATE_STATE_CANARY,
          UNRECOGNIZED ->
          false;
    };
  }
}
