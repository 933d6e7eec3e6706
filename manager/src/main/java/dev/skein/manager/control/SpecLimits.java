package dev.skein.manager.control;

import java.time.Duration;

/// The bounds of what a user may write into a spec.
///
/// @param replicasMax replicas of one service
public record SpecLimits(long replicasMax) {
  /// Unless an operator sets another.
  public static final SpecLimits DEFAULT = new SpecLimits(100_000);

  /// Characters of a service's name: it is a DNS label.
  static final int NAME_CHARACTERS = 63;

  /// Serialized size of a spec, in bytes: a service keeps several of them in one object.
  static final int SPEC_BYTES = 64 << 10;

  static final int LABELS = 256;
  static final int LABEL_KEY_CHARACTERS = 256;
  static final int LABEL_VALUE_CHARACTERS = 4_096;
  static final int ARGUMENTS = 1_024;
  static final int ENVIRONMENT = 1_024;
  static final int CONSTRAINTS = 64;
  static final int PREFERENCES = 16;
  static final int PORTS = 256;

  /// The longest duration that a spec may name.
  static final Duration DURATION = Duration.ofDays(365);

  /// The shortest interval and timeout of a health check: each probe may cost a process.
  static final Duration PROBE_MIN = Duration.ofMillis(100);

  /// Failures of a health check that may be asked for before a task is unhealthy.
  static final int PROBE_RETRIES = 1_000;

  /// Kinds of generic resources that a task may ask for.
  static final int GENERIC_RESOURCES = 64;
  /// The shortest time in which an update's task must run.
  static final Duration PROGRESS_DEADLINE_MIN = Duration.ofSeconds(1);

  /// The least CPU that can be asked for (SwarmKit's).
  static final long NANO_CPUS_MIN = 1_000_000;

  /// The least memory that can be asked for, in bytes (SwarmKit's).
  static final long MEMORY_BYTES_MIN = 4L << 20;

  public SpecLimits {
    if (replicasMax < 1) {
      throw new IllegalArgumentException("replicasMax " + replicasMax + " is less than 1");
    }
  }
}
