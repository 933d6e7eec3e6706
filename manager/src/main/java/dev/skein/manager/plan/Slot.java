package dev.skein.manager.plan;

import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;

/// The place that a line of tasks fills one after the other: a numbered one of a replicated
/// service, or a node's of a global service.
///
/// The slots of a job belong to one of its iterations: while several go on at once, each has a line
/// of tasks of its own there.
///
/// @param number from 1 for replicated services and jobs, 0 for global ones
/// @param nodeId the node of a global service's or job's slot, otherwise empty
/// @param iteration of jobs; 0 of other services
public record Slot(String serviceId, int number, String nodeId, long iteration)
    implements Comparable<Slot> {
  public static Slot of(Task task) {
    return new Slot(
        task.getServiceId(),
        task.getSlot(),
        task.getSlot() == 0 ? task.getNodeId() : "",
        task.getJobIteration().getIndex());
  }

  public static Slot numbered(String serviceId, int number) {
    return new Slot(serviceId, number, "", 0);
  }

  public static Slot ofNode(String serviceId, String nodeId) {
    return new Slot(serviceId, 0, nodeId, 0);
  }

  /// The same slot in an iteration of its job.
  public Slot inIteration(long number) {
    return iteration == number ? this : new Slot(serviceId, this.number, nodeId, number);
  }

  /// The same for all iterations of a job, whose tasks follow one another there and have their
  /// history in common.
  public Slot place() {
    return inIteration(0);
  }

  /// Whether the task is of this slot's iteration, if it is of its place.
  public boolean isIterationOf(Task task) {
    return task.getJobIteration().getIndex() == iteration;
  }

  public boolean isOfGlobalService() {
    return number == 0;
  }

  /// The tasks of the slot's place: history included, and those of a job's other iterations.
  public Iterable<Task> tasks(ClusterState state) {
    return isOfGlobalService()
        ? state.tasksOfServiceOnNode(serviceId, nodeId)
        : state.tasksOfSlot(serviceId, number);
  }

  @Override
  public int compareTo(Slot other) {
    var byService = serviceId.compareTo(other.serviceId);
    if (byService != 0) {
      return byService;
    }
    if (number != other.number) {
      return Integer.compare(number, other.number);
    }
    var byNode = nodeId.compareTo(other.nodeId);
    return byNode != 0 ? byNode : Long.compare(iteration, other.iteration);
  }
}
