package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.exhausted;
import static dev.skein.manager.control.Rejection.invalid;

import dev.skein.manager.cron.CronException;
import dev.skein.manager.cron.CronSchedule;
import dev.skein.manager.plan.Endpoints;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.template.TaskTemplates;
import dev.skein.manager.template.TemplateException;
import dev.skein.proto.v1.EndpointMode;
import dev.skein.proto.v1.EndpointSpec;
import dev.skein.proto.v1.FailureAction;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.Protocol;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.ScheduleConcurrency;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateOrder;
import dev.skein.state.Mode;
import java.util.HashSet;
import java.util.Map;
import java.util.regex.Pattern;

/// What a service's spec must look like whatever else the cluster has. Messages follow SwarmKit's
/// where it has them.
final class ServiceSpecRules {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9]+(?:[a-zA-Z0-9-_]*[a-zA-Z0-9])?");
  private static final int PORT_MAX = 65_535;

  private final SpecLimits limits;

  ServiceSpecRules(SpecLimits limits) {
    this.limits = limits;
  }

  /// @throws Rejection naming the first thing that is wrong
  void check(ServiceSpec spec) throws Rejection {
    if (spec.getSerializedSize() > SpecLimits.SPEC_BYTES) {
      throw exhausted(
          "the service's spec of %d bytes exceeds the limit of %d",
          spec.getSerializedSize(), SpecLimits.SPEC_BYTES);
    }
    checkName(spec.getName());
    checkLabels("service", spec.getLabelsMap());
    checkMode(spec);
    TaskSpecRules.check(spec.getTaskTemplate());
    checkTemplates(spec);
    HealthcheckRules.check(
        spec.getTaskTemplate().getContainerSpec().getHealthcheck(), spec.getEndpointSpec());
    if (spec.hasUpdateConfig()) {
      checkUpdate("update", spec.getUpdateConfig());
    }
    if (spec.hasRollbackConfig()) {
      checkUpdate("rollback", spec.getRollbackConfig());
    }
    checkEndpoint(spec.getEndpointSpec());
    if (spec.hasAutoscale()) {
      AutoscaleRules.check(spec, limits.replicasMax());
    }
  }

  private static void checkTemplates(ServiceSpec spec) throws Rejection {
    try {
      TaskTemplates.check(spec.getTaskTemplate().getContainerSpec(), spec.getLabelsMap());
    } catch (TemplateException wrong) {
      throw invalid("ContainerSpec: %s", String.valueOf(wrong.getMessage()));
    }
  }

  private static void checkName(String name) throws Rejection {
    if (name.isEmpty()) {
      throw invalid("name must be given");
    }
    if (name.length() > SpecLimits.NAME_CHARACTERS) {
      throw invalid(
          "name must be %d characters or fewer, '%s' has %d",
          SpecLimits.NAME_CHARACTERS, name, name.length());
    }
    if (!NAME.matcher(name).matches()) {
      throw invalid(
          "name must be valid as a DNS name component: '%s' may have letters, digits, - and _ only,"
              + " and must begin and end with a letter or digit",
          name);
    }
  }

  static void checkLabels(String whose, Map<String, String> labels) throws Rejection {
    if (labels.size() > SpecLimits.LABELS) {
      throw invalid("%d %s labels exceed the limit of %d", labels.size(), whose, SpecLimits.LABELS);
    }
    for (var label : labels.entrySet()) {
      var key = label.getKey();
      if (key.isBlank() || key.length() > SpecLimits.LABEL_KEY_CHARACTERS || key.contains("=")) {
        throw invalid(
            "%s label key '%s' must have 1 to %d characters and no '='",
            whose, key, SpecLimits.LABEL_KEY_CHARACTERS);
      }
      if (label.getValue().length() > SpecLimits.LABEL_VALUE_CHARACTERS) {
        throw invalid(
            "the value of %s label '%s' has %d characters, more than %d",
            whose, key, label.getValue().length(), SpecLimits.LABEL_VALUE_CHARACTERS);
      }
    }
  }

  private void checkMode(ServiceSpec spec) throws Rejection {
    var replicated = spec.getMode().getReplicated();
    // Unsigned on the wire: what a client sends as -1 is a huge number here.
    if (replicated.getReplicas() < 0 || replicated.getReplicas() > limits.replicasMax()) {
      throw invalid(
          "replicas %s must be between 0 and %d",
          Long.toUnsignedString(replicated.getReplicas()), limits.replicasMax());
    }
    if (spec.getTaskTemplate().getPlacement().getMaxReplicas() > 0 && Mode.of(spec).isPerNode()) {
      throw invalid(
          "replicas-max-per-node can only be used with replicated or replicated-job mode: %s is %s,"
              + " which has one task on each node; leave it out",
          spec.getName(), Mode.of(spec).text());
    }
    if (Mode.of(spec).isJob()) {
      checkJob(spec);
    }
    if (spec.hasMaxUnavailable()) {
      checkMaxUnavailable(spec);
    }
    if (spec.hasSchedule()) {
      checkSchedule(spec);
    }
  }

  private static void checkSchedule(ServiceSpec spec) throws Rejection {
    var schedule = spec.getSchedule();
    if (!Mode.of(spec).isJob()) {
      throw invalid(
          "only jobs have a schedule: %s is %s; leave the schedule out, or use mode replicated-job"
              + " or global-job",
          spec.getName(), Mode.of(spec).text());
    }
    if (schedule.getConcurrency() == ScheduleConcurrency.UNRECOGNIZED) {
      throw invalid(
          "unknown concurrency %d of the schedule: use forbid, allow or replace",
          schedule.getConcurrencyValue());
    }
    try {
      CronSchedule.of(schedule);
    } catch (CronException wrong) {
      throw invalid("%s", String.valueOf(wrong.getMessage()));
    }
  }

  private void checkJob(ServiceSpec spec) throws Rejection {
    var job = spec.getMode().getReplicatedJob();
    if (!Jobs.isSuspended(spec)) {
      checkJobCount("replicas", job.hasTotalCompletions(), job.getTotalCompletions());
    }
    checkJobCount("max-concurrent", job.hasMaxConcurrent(), job.getMaxConcurrent());
    if (spec.hasUpdateConfig() || spec.hasRollbackConfig()) {
      throw invalid(
          "update and rollback configuration is not supported for jobs: an update of %s runs it"
              + " anew; leave the configuration out",
          spec.getName());
    }
    if (spec.hasMaxUnavailable()) {
      throw invalid(
          "max-unavailable is not supported for jobs: %s has no replicas that serve; leave it out",
          spec.getName());
    }
  }

  private void checkJobCount(String which, boolean given, long count) throws Rejection {
    if (given && (count < 1 || count > limits.replicasMax())) {
      throw invalid(
          "%s %s of a job must be between 1 and %d",
          which, Long.toUnsignedString(count), limits.replicasMax());
    }
  }

  private void checkMaxUnavailable(ServiceSpec spec) throws Rejection {
    var max = spec.getMaxUnavailable();
    if (max < 0 || max > limits.replicasMax()) {
      throw invalid(
          "max-unavailable %s must be between 0 and %d",
          Long.toUnsignedString(max), limits.replicasMax());
    }
    if (max == 0
        && !(isStartFirst(spec.getUpdateConfig()) && isStartFirst(spec.getRollbackConfig()))) {
      throw invalid(
          "max-unavailable 0 lets no replica go before another runs in its place: it needs"
              + " --update-order start-first and --rollback-order start-first");
    }
  }

  private static boolean isStartFirst(UpdateConfig config) {
    return config.getOrder() == UpdateOrder.UPDATE_ORDER_START_FIRST;
  }

  private static void checkUpdate(String which, UpdateConfig config) throws Rejection {
    Durations.check(which + "-delay", config.hasDelay(), config.getDelay());
    Durations.check(which + "-monitor", config.hasMonitor(), config.getMonitor());
    if (config.getFailureAction() == FailureAction.UNRECOGNIZED) {
      throw invalid("unknown %s-failure-action %d", which, config.getFailureActionValue());
    }
    if (which.equals("rollback")
        && config.getFailureAction() == FailureAction.FAILURE_ACTION_ROLLBACK) {
      throw invalid("rollback-failure-action cannot be rollback: use pause or continue");
    }
    if (config.getOrder() == UpdateOrder.UNRECOGNIZED) {
      throw invalid(
          "unknown %s-order %d: use stop-first or start-first", which, config.getOrderValue());
    }
    if (!(config.getMaxFailureRatio() >= 0 && config.getMaxFailureRatio() <= 1)) {
      throw invalid(
          "%s-max-failure-ratio %s cannot be less than 0 or bigger than 1",
          which, config.getMaxFailureRatio());
    }
    Durations.checkAtLeast(
        which + "-progress-deadline",
        config.hasProgressDeadline(),
        config.getProgressDeadline(),
        SpecLimits.PROGRESS_DEADLINE_MIN);
    if (config.getCanary() < 0) {
      throw invalid("%s-canary %s is too large", which, Long.toUnsignedString(config.getCanary()));
    }
    if (which.equals("rollback") && config.getCanary() != 0) {
      throw invalid("a rollback has no canaries: leave its canary out, got %d", config.getCanary());
    }
    if (config.getParallelism() < 0) {
      throw invalid(
          "%s-parallelism %s is too large", which, Long.toUnsignedString(config.getParallelism()));
    }
  }

  private record Published(Protocol protocol, int port) {}

  private static void checkEndpoint(EndpointSpec endpoint) throws Rejection {
    if (endpoint.getMode() == EndpointMode.UNRECOGNIZED) {
      throw invalid("unknown endpoint mode %d: use vip or dnsrr", endpoint.getModeValue());
    }
    if (endpoint.getPortsCount() > SpecLimits.PORTS) {
      throw invalid(
          "%d published ports exceed the limit of %d", endpoint.getPortsCount(), SpecLimits.PORTS);
    }
    var published = new HashSet<Published>();
    for (var port : endpoint.getPortsList()) {
      checkPort(port);
      if (endpoint.getMode() == EndpointMode.ENDPOINT_MODE_DNSRR && !Endpoints.isHostMode(port)) {
        throw invalid(
            "EndpointSpec: port %d published with ingress mode can't be used with dnsrr mode: use"
                + " mode=host or --endpoint-mode vip",
            port.getTargetPort());
      }
      if (port.getPublishedPort() != 0
          && !published.add(new Published(Endpoints.protocol(port), port.getPublishedPort()))) {
        throw invalid(
            "EndpointSpec: duplicate published ports provided: %s",
            Endpoints.text(Endpoints.protocol(port), port.getPublishedPort()));
      }
    }
  }

  private static void checkPort(PortConfig port) throws Rejection {
    if (port.getTargetPort() < 1 || port.getTargetPort() > PORT_MAX) {
      throw invalid(
          "invalid target port %s: must be between 1 and %d",
          Integer.toUnsignedString(port.getTargetPort()), PORT_MAX);
    }
    if (port.getPublishedPort() < 0 || port.getPublishedPort() > PORT_MAX) {
      throw invalid(
          "invalid published port %s: must be between 1 and %d, or 0 to have one chosen",
          Integer.toUnsignedString(port.getPublishedPort()), PORT_MAX);
    }
    if (port.getProtocol() == Protocol.UNRECOGNIZED) {
      throw invalid(
          "unknown protocol %d of port %d: use tcp or udp",
          port.getProtocolValue(), port.getTargetPort());
    }
    if (port.getPublishMode() == PublishMode.UNRECOGNIZED) {
      throw invalid(
          "unknown publish mode %d of port %d: use ingress or host",
          port.getPublishModeValue(), port.getTargetPort());
    }
  }
}
