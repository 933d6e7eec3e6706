package dev.skein.worker.agent;

import dev.skein.proto.v1.ContainerSpec;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// When a task's health check probes, and what the results mean. The defaults are Docker's.
///
/// @param interval between two probes
/// @param timeout a probe that takes longer has failed
/// @param retries so many failures one after the other make the task unhealthy
/// @param startPeriod failures this soon after the start do not count, unless a probe passed
/// @param startInterval between two probes in the start period
record HealthCheck(
    Duration interval,
    Duration timeout,
    long retries,
    Duration startPeriod,
    Duration startInterval) {

  static final Duration INTERVAL_DEFAULT = Duration.ofSeconds(30);
  static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(30);
  static final Duration START_INTERVAL_DEFAULT = Duration.ofSeconds(5);
  static final int RETRIES_DEFAULT = 3;

  private static final String NONE = "NONE";

  /// The health check of a specification; null when it has none.
  static @Nullable HealthCheck of(ContainerSpec spec) {
    var check = spec.getHealthcheck();
    if (check.getTestCount() == 0 || check.getTest(0).equals(NONE)) {
      return null;
    }
    return new HealthCheck(
        orDefault(check.getInterval(), INTERVAL_DEFAULT),
        orDefault(check.getTimeout(), TIMEOUT_DEFAULT),
        check.getRetries() > 0 ? check.getRetries() : RETRIES_DEFAULT,
        orDefault(check.getStartPeriod(), Duration.ZERO),
        orDefault(check.getStartInterval(), START_INTERVAL_DEFAULT));
  }

  /// Docker takes 0 for unset.
  private static Duration orDefault(com.google.protobuf.Duration given, Duration unset) {
    var duration = Duration.ofSeconds(given.getSeconds(), given.getNanos());
    return duration.isPositive() ? duration : unset;
  }
}
