package dev.skein.manager.rearrange;

import dev.skein.manager.plan.Lineage;
import dev.skein.manager.schedule.MoveBoard;
import dev.skein.proto.v1.Move;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeRemark;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Resources;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Revisions;
import dev.skein.state.TaskStates;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which nodes could be emptied by packing their replicas onto others by what they reserve, the
/// emptiest first, each replica to the fullest node that has room for it. A node is emptied as a
/// whole or not at all; one that others were packed onto stays. A replica that reserves nothing
/// stays where it is, because nobody knows what it needs, and a service that is on several nodes
/// stays on two at least. Pure; lives for one plan.
///
/// @param moves in order
/// @param emptied ids of the nodes that nothing but global services is left on
/// @param remarks why each of the others stays
record ConsolidatePlan(List<Move> moves, List<String> emptied, List<NodeRemark> remarks) {
  static ConsolidatePlan of(ClusterState state) {
    return new Packing(state).pack();
  }

  private static final class Packing {
    private final ClusterState state;
    private final MoveBoard board;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Double> load = new HashMap<>();
    private final Set<String> packed = new HashSet<>();
    private final Set<String> gone = new HashSet<>();
    // Where each service's replicas are, by what was moved so far.
    private final Map<String, Map<String, Integer>> places = new HashMap<>();
    private final List<Move> moves = new ArrayList<>();
    private final List<String> emptied = new ArrayList<>();
    private final List<NodeRemark> remarks = new ArrayList<>();

    private record Step(Task task, String to) {}

    Packing(ClusterState state) {
      this.state = state;
      this.board = new MoveBoard(state);
      for (var node : state.nodes().values()) {
        if (node.getStatus().getState() == NodeState.NODE_STATE_READY
            && node.getSpec().getAvailability() == NodeAvailability.NODE_AVAILABILITY_ACTIVE) {
          nodes.add(node);
        }
      }
      for (var task : state.tasks().values()) {
        if (isThere(task)) {
          place(task.getServiceId(), task.getNodeId(), 1);
          var node = state.node(task.getNodeId());
          if (node != null) {
            load.merge(node.getId(), share(task, node), Double::sum);
          }
        }
      }
    }

    ConsolidatePlan pack() {
      var byLoad = new ArrayList<>(nodes);
      byLoad.sort(
          Comparator.comparingDouble(this::load)
              .thenComparingInt(node -> board.tasks(node.getId()))
              .thenComparing(Node::getId));
      for (var node : byLoad) {
        var remark = packed.contains(node.getId()) ? "others are packed onto it" : empty(node);
        if (remark != null) {
          remarks.add(NodeRemark.newBuilder().setNodeId(node.getId()).setText(remark).build());
        }
      }
      return new ConsolidatePlan(List.copyOf(moves), List.copyOf(emptied), List.copyOf(remarks));
    }

    /// Empties the node, or says why not.
    private @Nullable String empty(Node node) {
      var tasks = new ArrayList<Task>();
      for (var task : state.tasksOfNode(node.getId())) {
        var service = state.service(task.getServiceId());
        if (service == null || !isThere(task) || !Defaults.isReplicated(service.getSpec())) {
          continue;
        }
        var obstacle = obstacle(service, task);
        if (obstacle != null) {
          return obstacle;
        }
        tasks.add(task);
      }
      // What is hard to place goes first.
      tasks.sort(
          Comparator.comparingDouble((Task task) -> -share(task, node)).thenComparing(Task::getId));
      var steps = new ArrayList<Step>();
      gone.add(node.getId());
      for (var task : tasks) {
        var to = moves.size() + steps.size() < SpreadPlan.MOVES_MAX ? fullestFor(task, node) : null;
        if (to == null) {
          var reason = refusal(task);
          steps.reversed().forEach(step -> move(step.task, step.to, node.getId()));
          gone.remove(node.getId());
          return reason;
        }
        move(task, node.getId(), to);
        steps.add(new Step(task, to));
      }
      for (var step : steps) {
        packed.add(step.to);
        moves.add(Movable.move(step.task, step.to));
      }
      emptied.add(node.getId());
      return null;
    }

    private @Nullable String obstacle(Service service, Task task) {
      if (Movable.isRolling(service)) {
        return "service " + service.getSpec().getName() + " is being updated";
      }
      if (task.getGenericResourcesCount() > 0) {
        return name(task) + " has generic resources of this node";
      }
      if (!Movable.isMovable(task, state)) {
        return name(task) + " does not run, or is being replaced";
      }
      var reserved = reserved(task);
      return reserved.getNanoCpus() == 0 && reserved.getMemoryBytes() == 0
          ? name(task) + " reserves neither CPU nor memory"
          : null;
    }

    private @Nullable String fullestFor(Task task, Node from) {
      return nodes.stream()
          .filter(node -> !gone.contains(node.getId()))
          .filter(node -> board.mayTake(node, task))
          .filter(node -> staysOnTwo(task, from.getId(), node.getId()))
          .max(Comparator.comparingDouble(this::load).thenComparing(Node::getId))
          .map(Node::getId)
          .orElse(null);
    }

    /// Why the task goes nowhere.
    private String refusal(Task task) {
      var hasRoom =
          nodes.stream()
              .anyMatch(node -> !gone.contains(node.getId()) && board.mayTake(node, task));
      return hasRoom
          ? name(task) + " stays, so that its service is on two nodes"
          : "no other node may take " + name(task);
    }

    private boolean staysOnTwo(Task task, String from, String to) {
      var now = places.getOrDefault(task.getServiceId(), Map.of());
      var after = new HashSet<>(now.keySet());
      after.add(to);
      if (now.getOrDefault(from, 0) == 1) {
        after.remove(from);
      }
      return now.size() < 2 || after.size() >= 2;
    }

    private void move(Task task, String from, String to) {
      board.move(task, from, to);
      place(task.getServiceId(), from, -1);
      place(task.getServiceId(), to, 1);
      weigh(task, from, -1);
      weigh(task, to, 1);
    }

    private void weigh(Task task, String nodeId, int sign) {
      var node = state.node(nodeId);
      if (node != null) {
        load.merge(nodeId, sign * share(task, node), Double::sum);
      }
    }

    private void place(String serviceId, String nodeId, int sign) {
      places
          .computeIfAbsent(serviceId, id -> new HashMap<>())
          .merge(nodeId, sign, (a, b) -> a + b == 0 ? null : a + b);
    }

    private double load(Node node) {
      return load.getOrDefault(node.getId(), 0.0);
    }

    private static boolean isThere(Task task) {
      return TaskStates.isLive(task) && !Lineage.wasNeverAssigned(task);
    }

    private Resources reserved(Task task) {
      var service = state.service(task.getServiceId());
      var revision = service == null ? null : Revisions.find(service, task.getSpecVersion());
      return revision == null
          ? Resources.getDefaultInstance()
          : revision.getTask().getResources().getReservations();
    }

    /// The larger of the shares of the node's CPU and memory that the task reserves.
    private double share(Task task, Node node) {
      var has = node.getDescription().getResources();
      var reserved = reserved(task);
      return Math.max(
          (double) reserved.getNanoCpus() / Math.max(1, has.getNanoCpus()),
          (double) reserved.getMemoryBytes() / Math.max(1, has.getMemoryBytes()));
    }

    private String name(Task task) {
      var service = state.service(task.getServiceId());
      return (service == null ? task.getServiceId() : service.getSpec().getName())
          + "."
          + task.getSlot();
    }
  }
}
