package dev.skein.api.route;

import dev.skein.proto.v1.EndpointMode;
import dev.skein.proto.v1.FailureAction;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.state.Defaults;
import dev.skein.state.Mode;
import dev.skein.state.Times;

/// A spec with the values that hold where it says nothing, for readers who ask to see them. Never
/// stored: a user's spec stays as it was written.
final class SpecDefaults {
  private SpecDefaults() {}

  static ServiceSpec inserted(ServiceSpec spec) {
    var filled = spec.toBuilder();
    if (!Mode.of(spec).isJob()) {
      filled.setUpdateConfig(inserted(spec.getUpdateConfig(), Defaults.updateFailureAction(spec)));
      filled.setRollbackConfig(
          inserted(spec.getRollbackConfig(), Defaults.rollbackFailureAction(spec)));
    }
    var task = filled.getTaskTemplateBuilder();
    task.setRestartPolicy(inserted(Defaults.restartPolicy(spec, task.getRestartPolicy())));
    var container = task.getContainerSpecBuilder();
    container.setStopGracePeriod(Times.proto(Defaults.stopGracePeriod(container.build())));
    if (Defaults.hasHealthcheck(container.build())) {
      container.setHealthcheck(Defaults.healthcheck(container.getHealthcheck()));
    }
    var endpoint = filled.getEndpointSpecBuilder();
    if (endpoint.getMode() == EndpointMode.ENDPOINT_MODE_UNSPECIFIED) {
      endpoint.setMode(EndpointMode.ENDPOINT_MODE_VIP);
    }
    return filled.build();
  }

  private static UpdateConfig inserted(UpdateConfig config, FailureAction action) {
    return config.toBuilder()
        .setParallelism(Defaults.updateParallelism(config))
        .setDelay(Times.proto(Defaults.updateDelay(config)))
        .setFailureAction(action)
        .setMonitor(Times.proto(Defaults.updateMonitor(config)))
        .setOrder(Defaults.updateOrder(config))
        .setProgressDeadline(Times.proto(Defaults.updateProgressDeadline(config)))
        .build();
  }

  private static RestartPolicy inserted(RestartPolicy policy) {
    return policy.toBuilder()
        .setCondition(Defaults.restartCondition(policy))
        .setDelay(Times.proto(Defaults.restartDelay(policy)))
        .setMaxAttempts(policy.getMaxAttempts())
        .build();
  }
}
