package dev.skein.manager.schedule;

import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which tasks are on which nodes of a state, to try moves on: what is moved here changes only
/// what the board says from then on. Nodes are read when they are first asked about. Owned by one
/// thread.
public final class MoveBoard {
  private final ClusterState state;
  private final Occupancy occupancy = new Occupancy();
  private final Set<String> loaded = new HashSet<>();
  private final Map<String, ServiceRevisions> services = new HashMap<>();

  public MoveBoard(ClusterState state) {
    this.state = state;
  }

  private NodeUse use(String nodeId) {
    if (loaded.add(nodeId)) {
      occupancy.load(state, nodeId);
    }
    return occupancy.of(nodeId);
  }

  /// The service of a task with what its revisions ask for; null when it is gone.
  public @Nullable ServiceRevisions revisions(String serviceId) {
    var known = services.get(serviceId);
    if (known == null) {
      var service = state.service(serviceId);
      if (service == null) {
        return null;
      }
      known = new ServiceRevisions(service);
      services.put(serviceId, known);
    }
    return known;
  }

  /// Whether the scheduler would put a task like this one onto the node, and leave it there.
  public boolean mayTake(Node node, Task task) {
    var revisions = revisions(task.getServiceId());
    if (revisions == null || revisions.requirementsOf(task).refusalOf(node) != null) {
      return false;
    }
    var use = use(node.getId());
    var asked = occupancy.requirementsOf(task, state);
    return asked.refusalOf(node) == null && use.refusalOf(node, task.getServiceId(), asked) == null;
  }

  /// Puts a task onto another node.
  public void move(Task task, String fromNodeId, String toNodeId) {
    use(fromNodeId);
    use(toNodeId);
    occupancy.giveBack(fromNodeId, task);
    occupancy.take(toNodeId, task);
  }

  /// Adds a task that is about to come to a node while another like it stays where it is.
  public void add(Task task, String toNodeId) {
    use(toNodeId);
    occupancy.take(toNodeId, task);
  }

  /// The node's tasks of a service that are to run.
  public int tasksOf(String serviceId, String nodeId) {
    return use(nodeId).tasksOf(serviceId);
  }

  /// The node's tasks that are to run.
  public int tasks(String nodeId) {
    return use(nodeId).taskCount();
  }
}
