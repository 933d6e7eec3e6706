package dev.skein.manager.plan;

import dev.skein.proto.v1.Node;

/// What users call a node.
public final class NodeNames {
  private NodeNames() {}

  /// The name in its spec, or its hostname.
  public static String of(Node node) {
    return node.getSpec().getName().isEmpty()
        ? node.getDescription().getHostname()
        : node.getSpec().getName();
  }
}
