package dev.skein.manager.rearrange;

import dev.skein.manager.schedule.MoveBoard;
import dev.skein.manager.schedule.SpreadLabels;
import dev.skein.proto.v1.Move;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One service's replicas over the nodes that may have them, level by level: the values of each
/// label that it is to be spread over, then nodes. What is moved here is moved on the board. Lives
/// for one plan.
final class ServiceSpread {
  private final ClusterState state;
  private final MoveBoard board;
  private final String serviceId;
  // By node id: the values of the labels, and the id itself as the last.
  private final Map<String, List<String>> paths = new TreeMap<>();
  private final Map<String, ArrayDeque<Task>> movable = new HashMap<>();

  ServiceSpread(ClusterState state, MoveBoard board, Service service) {
    this.state = state;
    this.board = board;
    this.serviceId = service.getId();
    var revisions = board.revisions(serviceId);
    if (revisions != null) {
      var requirements = revisions.currentRequirements();
      for (var node : state.nodes().values()) {
        if (requirements.refusalOf(node) == null) {
          var path = new ArrayList<>(SpreadLabels.values(node, requirements.spreadOver()));
          path.add(node.getId());
          paths.put(node.getId(), path);
        }
      }
    }
    for (var task : state.tasksOfService(serviceId)) {
      if (paths.containsKey(task.getNodeId()) && Movable.isMovable(task, state)) {
        movable.computeIfAbsent(task.getNodeId(), id -> new ArrayDeque<>()).addFirst(task);
      }
    }
  }

  /// Makes the first move that spreads the service better; null when there is none.
  @Nullable Move improve() {
    if (movable.values().stream().allMatch(ArrayDeque::isEmpty)) {
      return null;
    }
    var levels = paths.values().stream().mapToInt(List::size).max().orElse(0);
    for (var level = 0; level < levels; level++) {
      for (var children : groupsAt(level)) {
        var move = improve(children);
        if (move != null) {
          return move;
        }
      }
    }
    return null;
  }

  /// Moves a replica between two nodes if that spreads the service no worse; null when it does, or
  /// cannot be.
  @Nullable Move moveIfNotWorse(String from, String to) {
    var task = movableOf(from).peekFirst();
    var node = state.node(to);
    return task != null && node != null && isNoWorse(from, to) && board.mayTake(node, task)
        ? move(task, to)
        : null;
  }

  /// Whether the service is spread no worse with one replica less here and one more there: it
  /// counts what the outermost level says that changes at all.
  boolean isNoWorse(String from, String to) {
    var here = paths.get(from);
    var there = paths.get(to);
    if (here == null || there == null) {
      return false;
    }
    for (var level = 1; level <= here.size(); level++) {
      var fromGroup = here.subList(0, level);
      var toGroup = there.subList(0, level);
      if (!fromGroup.equals(toGroup)) {
        var less = count(below(fromGroup)) - count(below(toGroup));
        if (less != 1) {
          return less > 1;
        }
      }
    }
    return true;
  }

  private Move move(Task task, String to) {
    board.move(task, task.getNodeId(), to);
    movableOf(task.getNodeId()).remove(task);
    return Movable.move(task, to);
  }

  private ArrayDeque<Task> movableOf(String nodeId) {
    return movable.getOrDefault(nodeId, new ArrayDeque<>());
  }

  private int count(String nodeId) {
    return board.tasksOf(serviceId, nodeId);
  }

  private int count(List<String> nodeIds) {
    return nodeIds.stream().mapToInt(this::count).sum();
  }

  private List<String> below(List<String> prefix) {
    return paths.entrySet().stream()
        .filter(path -> path.getValue().subList(0, prefix.size()).equals(prefix))
        .map(Map.Entry::getKey)
        .toList();
  }

  /// The nodes by their value at a level, for each combination of values above it.
  private List<List<List<String>>> groupsAt(int level) {
    var groups = new TreeMap<String, TreeMap<String, List<String>>>();
    paths.forEach(
        (id, path) ->
            groups
                .computeIfAbsent(String.join("\0", path.subList(0, level)), p -> new TreeMap<>())
                .computeIfAbsent(path.get(level), v -> new ArrayList<>())
                .add(id));
    return groups.values().stream()
        .map(children -> List.copyOf(children.values()))
        .filter(children -> children.size() > 1)
        .toList();
  }

  private @Nullable Move improve(List<List<String>> children) {
    var counts = new HashMap<List<String>, Integer>();
    children.forEach(child -> counts.put(child, count(child)));
    var byCount = new ArrayList<>(children);
    byCount.sort(
        Comparator.comparingInt((List<String> child) -> counts.getOrDefault(child, 0))
            .thenComparing(List::getFirst));
    for (var heavy : byCount.reversed()) {
      var task = heaviestMovable(heavy);
      if (task == null) {
        continue;
      }
      for (var light : byCount) {
        if (counts.getOrDefault(heavy, 0) - counts.getOrDefault(light, 0) < 2) {
          break;
        }
        var to = lightestWithRoom(light, task);
        if (to != null) {
          return move(task, to);
        }
      }
    }
    return null;
  }

  private @Nullable Task heaviestMovable(List<String> nodeIds) {
    return nodeIds.stream()
        .filter(id -> !movableOf(id).isEmpty())
        .max(Comparator.<String>comparingInt(this::count).thenComparingInt(board::tasks))
        .map(this::movableOf)
        .map(ArrayDeque::peekFirst)
        .orElse(null);
  }

  private @Nullable String lightestWithRoom(List<String> nodeIds, Task task) {
    return nodeIds.stream()
        .sorted(
            Comparator.<String>comparingInt(this::count)
                .thenComparingInt(board::tasks)
                .thenComparing(Comparator.naturalOrder()))
        .filter(id -> mayTake(id, task))
        .findFirst()
        .orElse(null);
  }

  private boolean mayTake(String nodeId, Task task) {
    var node = state.node(nodeId);
    return node != null && board.mayTake(node, task);
  }
}
