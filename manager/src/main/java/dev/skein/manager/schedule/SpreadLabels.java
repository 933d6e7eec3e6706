package dev.skein.manager.schedule;

import dev.skein.proto.v1.Node;
import java.util.List;

/// What nodes have for the labels that services are spread over, such as `node.labels.zone`.
public final class SpreadLabels {
  private static final String NODE_LABELS = "node.labels.";
  private static final String ENGINE_LABELS = "engine.labels.";

  private SpreadLabels() {}

  /// The node's values, in the labels' order. A node without a label has an empty value.
  public static List<String> values(Node node, List<String> labels) {
    return labels.stream().map(label -> value(node, label)).toList();
  }

  static String value(Node node, String label) {
    if (label.startsWith(NODE_LABELS)) {
      return node.getSpec().getLabelsOrDefault(label.substring(NODE_LABELS.length()), "");
    }
    if (label.startsWith(ENGINE_LABELS)) {
      return node.getDescription()
          .getEngine()
          .getLabelsOrDefault(label.substring(ENGINE_LABELS.length()), "");
    }
    return "";
  }
}
