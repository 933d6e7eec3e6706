package dev.skein.manager.schedule;

import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.Endpoints;
import dev.skein.manager.plan.NodeNames;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeRefusal;
import dev.skein.proto.v1.Platform;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Why nodes do not get a task, in words: the scheduler's own filters, asked on a state at rest.
/// Made for one state; its cost follows the cluster's size, as it serves a user's question only.
public final class PlacementReasons {
  /// Nodes told of for one task.
  public static final int NODES_MAX = 100;

  private final ClusterState state;
  private final Occupancy occupancy = new Occupancy();

  public PlacementReasons(ClusterState state) {
    this.state = state;
    occupancy.moveTo(state, Dirty.everythingIn(state));
  }

  /// Each node with the first filter that refuses the task there, at most [#NODES_MAX]. A node that
  /// would take the task now is not among them.
  public List<NodeRefusal> refusals(Task task) {
    var requirements = occupancy.requirementsOf(task, state);
    var refusals = new ArrayList<NodeRefusal>();
    for (var node : candidates(task)) {
      var refusal = requirements.refusalOf(node);
      if (refusal == null) {
        refusal = occupancy.of(node.getId()).refusalOf(node, task.getServiceId(), requirements);
      }
      if (refusal != null && refusals.size() < NODES_MAX) {
        refusals.add(
            NodeRefusal.newBuilder()
                .setNodeId(node.getId())
                .setNodeName(NodeNames.of(node))
                .setFilter(refusal.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .setReason(reason(refusal, node, task, requirements))
                .build());
      }
    }
    return refusals;
  }

  private List<Node> candidates(Task task) {
    if (task.getNodeId().isEmpty()) {
      var all = new ArrayList<Node>();
      state.nodes().values().forEach(all::add);
      return all;
    }
    @Nullable Node own = state.node(task.getNodeId());
    return own == null ? List.of() : List.of(own);
  }

  private String reason(Refusal refusal, Node node, Task task, Requirements requirements) {
    return switch (refusal) {
      case NOT_READY ->
          "the node is "
              + switch (node.getStatus().getState()) {
                case NODE_STATE_DOWN -> "down";
                case NODE_STATE_DISCONNECTED -> "disconnected";
                case NODE_STATE_UNKNOWN, NODE_STATE_READY, UNRECOGNIZED -> "not yet heard of";
              };
      case NOT_AVAILABLE ->
          node.getSpec().getAvailability() == NodeAvailability.NODE_AVAILABILITY_DRAIN
              ? "the node is drained"
              : "the node is paused";
      case RUNTIME ->
          "the node cannot run the runtime " + requirements.runtime() + why(node, requirements);
      case RESOURCES ->
          "insufficient resources: " + occupancy.of(node.getId()).shortage(node, requirements);
      case CONSTRAINTS -> "the constraint '" + requirements.violated(node) + "' does not hold";
      case PLATFORM ->
          "its platform is %s, the service asks for %s"
              .formatted(
                  text(node.getDescription().getPlatform()),
                  requirements.platforms().stream()
                      .map(PlacementReasons::text)
                      .collect(Collectors.joining(" or ")));
      case HOST_PORT ->
          "a host port is in use there, one of "
              + requirements.hostPorts().stream()
                  .map(port -> Endpoints.text(port.protocol(), port.port()))
                  .collect(Collectors.joining(", "));
      case MAX_REPLICAS ->
          "it has %d tasks of the service, the most that a node may have"
              .formatted(occupancy.of(node.getId()).tasksOf(task.getServiceId()));
    };
  }

  private static String why(Node node, Requirements requirements) {
    return node.getDescription().getCapabilitiesList().stream()
        .filter(capability -> capability.getName().equals(requirements.runtime()))
        .map(capability -> ": " + capability.getReason())
        .findFirst()
        .orElse("");
  }

  private static String text(Platform platform) {
    return platform.getOs() + "/" + platform.getArchitecture();
  }
}
