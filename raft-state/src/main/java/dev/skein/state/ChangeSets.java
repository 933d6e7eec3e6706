package dev.skein.state;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Object;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.RemoveChange;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskDesiredChange;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.proto.v1.TaskStatusChange;
import dev.skein.proto.v1.Version;
import java.time.Instant;

/// Makes changes and change sets, and holds them to [Limits].
public final class ChangeSets {
  private ChangeSets() {}

  /// A set of changes, all or nothing.
  ///
  /// @param now the proposer's clock: what the objects' `created_at` and `updated_at` become
  public static ChangeSet of(Instant now, Iterable<Change> changes) {
    return ChangeSet.newBuilder()
        .setProposedAt(Times.timestamp(now))
        .addAllChanges(changes)
        .build();
  }

  public static Change create(Node node) {
    return create(Object.newBuilder().setNode(node));
  }

  public static Change create(Service service) {
    return create(Object.newBuilder().setService(service));
  }

  public static Change create(Task task) {
    return create(Object.newBuilder().setTask(task));
  }

  public static Change create(Cluster cluster) {
    return create(Object.newBuilder().setCluster(cluster));
  }

  private static Change create(Object.Builder object) {
    return Change.newBuilder().setCreate(object).build();
  }

  /// Replaces the node that has the version in `node`.
  public static Change update(Node node) {
    return update(Object.newBuilder().setNode(node));
  }

  /// Replaces the service that has the version in `service`.
  public static Change update(Service service) {
    return update(Object.newBuilder().setService(service));
  }

  /// Replaces the task that has the version in `task`.
  public static Change update(Task task) {
    return update(Object.newBuilder().setTask(task));
  }

  /// Replaces the cluster object that has the version in `cluster`.
  public static Change update(Cluster cluster) {
    return update(Object.newBuilder().setCluster(cluster));
  }

  private static Change update(Object.Builder object) {
    return Change.newBuilder().setUpdate(object).build();
  }

  /// Removes the object, whatever version it has, if it exists.
  public static Change remove(ObjectKind kind, String id) {
    return remove(kind, id, Version.getDefaultInstance());
  }

  /// Removes the object if it has this version.
  public static Change remove(ObjectKind kind, String id, Version version) {
    return Change.newBuilder()
        .setRemove(RemoveChange.newBuilder().setKind(kind).setId(id).setVersion(version))
        .build();
  }

  /// Reports a task's status; `task` tells the task and the node that it is on.
  public static Change status(Task task, TaskStatus status) {
    return status(task.getId(), task.getNodeId(), status);
  }

  /// Reports the status of a task that is on this node ("" while it is on none).
  public static Change status(String taskId, String nodeId, TaskStatus status) {
    return Change.newBuilder()
        .setTaskStatus(
            TaskStatusChange.newBuilder().setTaskId(taskId).setNodeId(nodeId).setStatus(status))
        .build();
  }

  public static Change desire(String taskId, TaskState desired) {
    return Change.newBuilder()
        .setTaskDesired(TaskDesiredChange.newBuilder().setTaskId(taskId).setDesiredState(desired))
        .build();
  }

  /// @throws StoreException.TooLargeException when the set exceeds a limit
  static void requireWithinLimits(ChangeSet set) {
    if (set.getChangesCount() > Limits.CHANGES_PER_SET) {
      throw new StoreException.TooLargeException(
          "a change set of %d changes exceeds the limit of %d: split it"
              .formatted(set.getChangesCount(), Limits.CHANGES_PER_SET));
    }
    if (set.getSerializedSize() > Limits.BYTES_PER_SET) {
      throw new StoreException.TooLargeException(
          "a change set of %d bytes exceeds the limit of %d: split it"
              .formatted(set.getSerializedSize(), Limits.BYTES_PER_SET));
    }
    for (var change : set.getChangesList()) {
      if (change.getSerializedSize() > Limits.BYTES_PER_OBJECT) {
        throw new StoreException.TooLargeException(
            "an object of %d bytes exceeds the limit of %d"
                .formatted(change.getSerializedSize(), Limits.BYTES_PER_OBJECT));
      }
    }
  }

  static StoreException.ConflictException conflict(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Conflict(var message) -> new StoreException.ConflictException(message);
      case Outcome.Accepted() -> throw new IllegalStateException("no conflict");
    };
  }
}
