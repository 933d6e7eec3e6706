package dev.skein.manager.plan;

import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import java.util.Comparator;

/// The place that a line of tasks fills one after the other: a numbered one of a replicated
/// service, or a node's of a global service.
///
/// @param number from 1 for replicated services and jobs, 0 for global ones
/// @param nodeId the node of a global service's or job's slot, otherwise empty
public record Slot(String serviceId, int number, String nodeId) implements Comparable<Slot> {
  private static final Comparator<Slot> ORDER =
      Comparator.comparing(Slot::serviceId)
          .thenComparingInt(Slot::number)
          .thenComparing(Slot::nodeId);

  public static Slot of(Task task) {
    return task.getSlot() == 0
        ? ofNode(task.getServiceId(), task.getNodeId())
        : numbered(task.getServiceId(), task.getSlot());
  }

  public static Slot numbered(String serviceId, int number) {
    return new Slot(serviceId, number, "");
  }

  public static Slot ofNode(String serviceId, String nodeId) {
    return new Slot(serviceId, 0, nodeId);
  }

  public boolean isOfGlobalService() {
    return number == 0;
  }

  /// The slot's tasks, history included.
  public Iterable<Task> tasks(ClusterState state) {
    return isOfGlobalService()
        ? state.tasksOfServiceOnNode(serviceId, nodeId)
        : state.tasksOfSlot(serviceId, number);
  }

  @Override
  public int compareTo(Slot other) {
    return ORDER.compare(this, other);
  }
}
