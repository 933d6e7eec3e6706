package dev.skein.state;

import dev.skein.proto.v1.ServiceSpec;

/// How many tasks a service has, and whether they run for good or until they complete.
public enum Mode {
  REPLICATED("replicated"),
  GLOBAL("global"),
  REPLICATED_JOB("replicated-job"),
  GLOBAL_JOB("global-job");

  private final String text;

  Mode(String text) {
    this.text = text;
  }

  /// The spec's mode; replicated when it names none.
  public static Mode of(ServiceSpec spec) {
    return switch (spec.getMode().getModeCase()) {
      case REPLICATED, MODE_NOT_SET -> REPLICATED;
      case GLOBAL -> GLOBAL;
      case REPLICATED_JOB -> REPLICATED_JOB;
      case GLOBAL_JOB -> GLOBAL_JOB;
    };
  }

  /// As users write it, such as `replicated-job`.
  public String text() {
    return text;
  }

  /// Whether tasks are done with once they complete.
  public boolean isJob() {
    return this == REPLICATED_JOB || this == GLOBAL_JOB;
  }

  /// Whether each node that may run the service has a task of its own.
  public boolean isPerNode() {
    return this == GLOBAL || this == GLOBAL_JOB;
  }
}
