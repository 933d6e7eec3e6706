package dev.skein.state;

import dev.skein.proto.v1.Autoscale;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.FailureAction;
import dev.skein.proto.v1.Healthcheck;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.Placement;
import dev.skein.proto.v1.PlacementStrategy;
import dev.skein.proto.v1.RestartCondition;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.Schedule;
import dev.skein.proto.v1.ScheduleConcurrency;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.UpdateConfig;
import dev.skein.proto.v1.UpdateOrder;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What holds where a user's spec says nothing. Specs are stored as written; whoever needs a value
/// asks here. The values are Docker's but for the dispatcher's heartbeat.
public final class Defaults {
  public static final Duration RESTART_DELAY = Duration.ofSeconds(5);
  public static final Duration STOP_GRACE_PERIOD = Duration.ofSeconds(10);
  public static final String STOP_SIGNAL = "SIGTERM";
  public static final Duration UPDATE_MONITOR = Duration.ofSeconds(5);
  public static final long UPDATE_PARALLELISM = 1;

  /// How long a replacement may take until it runs. After that it counts as failed, so that no
  /// update hangs without a word.
  public static final Duration UPDATE_PROGRESS_DEADLINE = Duration.ofMinutes(10);

  /// How long a drain may wait for the replicas elsewhere, so that none hangs either.
  public static final Duration DRAIN_DEADLINE = Duration.ofMinutes(10);

  public static final Duration PROBE_INTERVAL = Duration.ofSeconds(30);
  public static final Duration PROBE_TIMEOUT = Duration.ofSeconds(30);
  public static final Duration PROBE_START_INTERVAL = Duration.ofSeconds(5);
  public static final long PROBE_RETRIES = 3;

  public static final long REPLICAS = 1;
  public static final long TASK_HISTORY = 5;
  public static final Duration HEARTBEAT_PERIOD = Duration.ofSeconds(1);

  /// Heartbeats that a node may miss before it is down.
  public static final int HEARTBEATS_MISSED = 3;

  public static final Duration NODE_CERTIFICATE_EXPIRY = Duration.ofDays(90);
  public static final Duration NODE_CERTIFICATE_EXPIRY_MIN = Duration.ofHours(1);

  private Defaults() {}

  public static RestartCondition restartCondition(RestartPolicy policy) {
    return policy.getCondition() == RestartCondition.RESTART_CONDITION_UNSPECIFIED
        ? RestartCondition.RESTART_CONDITION_ANY
        : policy.getCondition();
  }

  /// The policy that a service's tasks are replaced by: a job's task that completed is done, so
  /// that `any` acts as `on-failure`.
  public static RestartPolicy restartPolicy(ServiceSpec spec, RestartPolicy policy) {
    return Mode.of(spec).isJob()
            && restartCondition(policy) == RestartCondition.RESTART_CONDITION_ANY
        ? policy.toBuilder().setCondition(RestartCondition.RESTART_CONDITION_ON_FAILURE).build()
        : policy;
  }

  public static Duration restartDelay(RestartPolicy policy) {
    return policy.hasDelay() ? Times.duration(policy.getDelay()) : RESTART_DELAY;
  }

  public static Duration stopGracePeriod(TaskSpec spec) {
    return stopGracePeriod(spec.getContainerSpec());
  }

  public static Duration stopGracePeriod(ContainerSpec spec) {
    return spec.hasStopGracePeriod()
        ? Times.duration(spec.getStopGracePeriod())
        : STOP_GRACE_PERIOD;
  }

  public static String stopSignal(ContainerSpec spec) {
    return spec.getStopSignal().isEmpty() ? STOP_SIGNAL : spec.getStopSignal();
  }

  /// Whether the specification has a health check, so that its tasks run only once it passes.
  public static boolean hasHealthcheck(ContainerSpec spec) {
    var check = spec.getHealthcheck();
    return check.getTestCount() > 0 && !check.getTest(0).equals("NONE");
  }

  /// A health check with what holds where it says nothing, or 0, which Docker takes for that. It
  /// is the nodes that check: an agent has the same values.
  public static Healthcheck healthcheck(Healthcheck check) {
    return check.toBuilder()
        .setInterval(orDefault(check.getInterval(), PROBE_INTERVAL))
        .setTimeout(orDefault(check.getTimeout(), PROBE_TIMEOUT))
        .setRetries(check.getRetries() > 0 ? check.getRetries() : PROBE_RETRIES)
        .setStartPeriod(check.getStartPeriod())
        .setStartInterval(orDefault(check.getStartInterval(), PROBE_START_INTERVAL))
        .build();
  }

  private static com.google.protobuf.Duration orDefault(
      com.google.protobuf.Duration given, Duration unset) {
    return Times.duration(given).isPositive() ? given : Times.proto(unset);
  }

  /// How new tasks of a service are placed.
  ///
  /// @param cluster null while there is none
  public static PlacementStrategy placementStrategy(
      Placement placement, @Nullable Cluster cluster) {
    var asked = placement.getStrategy();
    if (asked == PlacementStrategy.PLACEMENT_STRATEGY_UNSPECIFIED && cluster != null) {
      asked = cluster.getSpec().getOrchestration().getPlacementStrategy();
    }
    return asked == PlacementStrategy.PLACEMENT_STRATEGY_UNSPECIFIED
        ? PlacementStrategy.PLACEMENT_STRATEGY_SPREAD
        : asked;
  }

  /// The number of replicas of a replicated service.
  public static long replicas(ServiceSpec spec) {
    var replicated = spec.getMode().getReplicated();
    return replicated.hasReplicas() ? replicated.getReplicas() : REPLICAS;
  }

  /// Whether the service is replicated, which it is when it names no mode.
  public static boolean isReplicated(ServiceSpec spec) {
    return Mode.of(spec) == Mode.REPLICATED;
  }

  /// How many tasks of a replicated job have to complete.
  public static long totalCompletions(ServiceSpec spec) {
    var job = spec.getMode().getReplicatedJob();
    return job.hasTotalCompletions() ? job.getTotalCompletions() : REPLICAS;
  }

  /// How many tasks of a replicated job run at the same time.
  public static long maxConcurrent(ServiceSpec spec) {
    var job = spec.getMode().getReplicatedJob();
    return job.hasMaxConcurrent() ? job.getMaxConcurrent() : totalCompletions(spec);
  }

  /// What happens when a run of a job is due while one goes on.
  public static ScheduleConcurrency concurrency(Schedule schedule) {
    return schedule.getConcurrency() == ScheduleConcurrency.SCHEDULE_CONCURRENCY_UNSPECIFIED
        ? ScheduleConcurrency.SCHEDULE_CONCURRENCY_FORBID
        : schedule.getConcurrency();
  }

  public static long updateParallelism(UpdateConfig config) {
    return config.hasParallelism() ? config.getParallelism() : UPDATE_PARALLELISM;
  }

  public static Duration updateDelay(UpdateConfig config) {
    return Times.duration(config.getDelay());
  }

  public static Duration updateMonitor(UpdateConfig config) {
    return config.hasMonitor() ? Times.duration(config.getMonitor()) : UPDATE_MONITOR;
  }

  public static Duration updateProgressDeadline(UpdateConfig config) {
    return config.hasProgressDeadline()
        ? Times.duration(config.getProgressDeadline())
        : UPDATE_PROGRESS_DEADLINE;
  }

  /// What follows when an update of the service fails.
  public static FailureAction updateFailureAction(ServiceSpec spec) {
    var asked = spec.getUpdateConfig().getFailureAction();
    if (asked != FailureAction.FAILURE_ACTION_UNSPECIFIED) {
      return asked;
    }
    return hasHealthcheck(spec.getTaskTemplate().getContainerSpec())
        ? FailureAction.FAILURE_ACTION_ROLLBACK
        : FailureAction.FAILURE_ACTION_PAUSE;
  }

  /// What follows when a rollback of the service fails.
  public static FailureAction rollbackFailureAction(ServiceSpec spec) {
    var asked = spec.getRollbackConfig().getFailureAction();
    return asked == FailureAction.FAILURE_ACTION_UNSPECIFIED
        ? FailureAction.FAILURE_ACTION_PAUSE
        : asked;
  }

  public static UpdateOrder updateOrder(UpdateConfig config) {
    return config.getOrder() == UpdateOrder.UPDATE_ORDER_UNSPECIFIED
        ? UpdateOrder.UPDATE_ORDER_STOP_FIRST
        : config.getOrder();
  }

  public static Duration drainDeadline(NodeSpec spec) {
    return spec.hasDrainDeadline() ? Times.duration(spec.getDrainDeadline()) : DRAIN_DEADLINE;
  }

  // ---- Autoscaling

  public static final long AUTOSCALE_MIN = 1;
  public static final Duration AUTOSCALE_DOWN_DELAY = Duration.ofMinutes(5);

  /// How long the mesh holds a connection to a service that has been scaled to zero: the time that
  /// a first replica may take to become ready.
  public static final Duration AUTOSCALE_HOLD = Duration.ofSeconds(30);

  public static long autoscaleMin(Autoscale autoscale) {
    return autoscale.hasMin() ? autoscale.getMin() : AUTOSCALE_MIN;
  }

  public static Duration autoscaleDownDelay(Autoscale autoscale) {
    return autoscale.hasScaleDownDelay()
        ? Times.duration(autoscale.getScaleDownDelay())
        : AUTOSCALE_DOWN_DELAY;
  }

  /// Whether the service has no replica while nobody uses it.
  public static boolean scalesToZero(ServiceSpec spec) {
    return spec.hasAutoscale() && autoscaleMin(spec.getAutoscale()) == 0;
  }

  // ---- Nodes

  public static final Duration EPHEMERAL_AFTER = Duration.ofMinutes(10);

  /// How long an ephemeral node is down before it is removed.
  public static Duration ephemeralAfter(NodeSpec spec) {
    return spec.hasEphemeralAfter() ? Times.duration(spec.getEphemeralAfter()) : EPHEMERAL_AFTER;
  }

  /// Old tasks kept per slot; negative: all.
  public static long taskHistory(Cluster cluster) {
    var orchestration = cluster.getSpec().getOrchestration();
    return orchestration.hasTaskHistoryRetentionLimit()
        ? orchestration.getTaskHistoryRetentionLimit()
        : TASK_HISTORY;
  }

  public static Duration heartbeatPeriod(Cluster cluster) {
    var dispatcher = cluster.getSpec().getDispatcher();
    return dispatcher.hasHeartbeatPeriod()
        ? Times.duration(dispatcher.getHeartbeatPeriod())
        : HEARTBEAT_PERIOD;
  }

  public static Duration nodeCertificateExpiry(Cluster cluster) {
    var ca = cluster.getSpec().getCaConfig();
    return ca.hasNodeCertExpiry()
        ? Times.duration(ca.getNodeCertExpiry())
        : NODE_CERTIFICATE_EXPIRY;
  }
}
