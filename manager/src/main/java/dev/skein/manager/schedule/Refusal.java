package dev.skein.manager.schedule;

/// Why a node does not get a task: the filters, in the order in which they are asked.
public enum Refusal {
  NOT_READY("not ready"),
  NOT_AVAILABLE("not available for new tasks"),
  RUNTIME("cannot run"),
  RESOURCES("insufficient resources"),
  CONSTRAINTS("scheduling constraints not satisfied"),
  PLATFORM("unsupported platform"),
  HOST_PORT("host-mode port already in use"),
  MAX_REPLICAS("max replicas per node limit exceeded");

  private final String text;

  Refusal(String text) {
    this.text = text;
  }

  /// A sentence's part such as `insufficient resources on 2 nodes`.
  String explain(int nodes, String runtime) {
    var count = nodes == 1 ? "1 node" : nodes + " nodes";
    return switch (this) {
      case NOT_READY, NOT_AVAILABLE -> count + " " + text;
      case RUNTIME -> "runtime " + runtime + " not available on " + count;
      case RESOURCES, CONSTRAINTS, PLATFORM, HOST_PORT, MAX_REPLICAS -> text + " on " + count;
    };
  }
}
