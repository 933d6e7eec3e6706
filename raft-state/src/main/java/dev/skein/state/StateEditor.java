package dev.skein.state;

import com.google.protobuf.Timestamp;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Object;
import dev.skein.proto.v1.RemoveChange;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskDesiredChange;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.proto.v1.TaskStatusChange;
import dev.skein.proto.v1.Version;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Applies one log entry to a state. The maps are edited in place for the whole entry; a change set
/// that turns out not to fit is taken back by replaying its changes reversed.
///
/// Every private method that checks something returns what is wrong, or null.
final class StateEditor {
  private static final Canonical TEXTS = new Canonical();

  private final long index;
  private final Version version;

  private @Nullable Cluster cluster;
  private final PersistentMap.Editor<Node> nodes;
  private final PersistentMap.Editor<Service> services;
  private final PersistentMap.Editor<Task> tasks;
  private final PersistentMap.Editor<String> serviceNames;
  private final TaskIndex.Editor serviceTasks;
  private final TaskIndex.Editor nodeTasks;
  private final List<ObjectChange> changes = new ArrayList<>();

  // The proposer's clock, of the change set that is being applied.
  private Timestamp now = Timestamp.getDefaultInstance();

  StateEditor(ClusterState base, long index) {
    this.index = index;
    // One instance for all objects of the entry, as for the timestamp: small objects add up.
    this.version = Version.newBuilder().setIndex(index).build();
    this.cluster = base.cluster();
    this.nodes = base.nodes().edit();
    this.services = base.services().edit();
    this.tasks = base.tasks().edit();
    this.serviceNames = base.serviceNames().edit();
    this.serviceTasks = base.serviceTasks().edit();
    this.nodeTasks = base.nodeTasks().edit();
  }

  ClusterState toState() {
    return new ClusterState(
        index,
        cluster,
        nodes.toMap(),
        services.toMap(),
        tasks.toMap(),
        serviceNames.toMap(),
        serviceTasks.toIndex(),
        nodeTasks.toIndex());
  }

  List<ObjectChange> changes() {
    return changes;
  }

  /// Takes in an object of a snapshot as it is; `canonical` finds the values that many of them
  /// share.
  ///
  /// @throws SnapshotException when the object cannot be part of a state
  void load(Object object, Canonical canonical) throws SnapshotException {
    switch (object.getObjectCase()) {
      case CLUSTER -> store(new ObjectChange.OfCluster(null, object.getCluster()));
      case NODE -> store(new ObjectChange.OfNode(null, object.getNode()));
      case SERVICE -> store(new ObjectChange.OfService(null, object.getService()));
      case TASK -> {
        var task = object.getTask();
        var service = services.get(task.getServiceId());
        if (service == null) {
          throw new SnapshotException(
              "the snapshot has task %s of service %s, but not the service"
                  .formatted(task.getId(), task.getServiceId()));
        }
        var shared =
            task.toBuilder()
                .setServiceId(service.getId())
                .setNodeId(sharedNodeId(task.getNodeId()))
                .setVersion(canonical.of(task.getVersion()))
                .setCreatedAt(canonical.of(task.getCreatedAt()))
                .setUpdatedAt(canonical.of(task.getUpdatedAt()));
        if (task.hasStatus()) {
          shared.setStatus(compact(task.getStatus(), canonical));
        }
        store(new ObjectChange.OfTask(null, shared.build()));
      }
      case OBJECT_NOT_SET -> throw new SnapshotException("the snapshot has an object of no kind");
    }
  }

  Outcome apply(ChangeSet set) {
    now = set.getProposedAt();
    var start = changes.size();
    for (var change : set.getChangesList()) {
      var wrong = apply(change);
      if (wrong != null) {
        for (var i = changes.size() - 1; i >= start; i--) {
          store(changes.remove(i).reversed());
        }
        return new Outcome.Conflict(wrong);
      }
    }
    return Outcome.ACCEPTED;
  }

  private @Nullable String apply(Change change) {
    return switch (change.getChangeCase()) {
      case CREATE ->
          switch (change.getCreate().getObjectCase()) {
            case NODE -> create(change.getCreate().getNode());
            case SERVICE -> create(change.getCreate().getService());
            case TASK -> create(change.getCreate().getTask());
            case CLUSTER -> create(change.getCreate().getCluster());
            case OBJECT_NOT_SET -> "a create without an object";
          };
      case UPDATE ->
          switch (change.getUpdate().getObjectCase()) {
            case NODE -> update(change.getUpdate().getNode());
            case SERVICE -> update(change.getUpdate().getService());
            case TASK -> update(change.getUpdate().getTask());
            case CLUSTER -> update(change.getUpdate().getCluster());
            case OBJECT_NOT_SET -> "an update without an object";
          };
      case REMOVE -> remove(change.getRemove());
      case TASK_STATUS -> mergeStatus(change.getTaskStatus());
      case TASK_DESIRED -> mergeDesired(change.getTaskDesired());
      case CHANGE_NOT_SET -> "an empty change";
    };
  }

  // ---- Create

  private @Nullable String create(Node node) {
    var id = node.getId();
    if (id.isEmpty()) {
      return "a node without an id";
    }
    if (nodes.get(id) != null) {
      return "node " + id + " already exists";
    }
    if (nodes.size() >= Limits.NODES) {
      return "the cluster has its limit of " + Limits.NODES + " nodes";
    }
    return record(
        new ObjectChange.OfNode(
            null,
            node.toBuilder()
                .setVersion(version)
                .setSpecIndex(version.getIndex())
                .setCreatedAt(now)
                .setUpdatedAt(now)
                .build()));
  }

  private @Nullable String create(Service service) {
    var id = service.getId();
    if (id.isEmpty()) {
      return "a service without an id";
    }
    if (services.get(id) != null) {
      return "service " + id + " already exists";
    }
    if (services.size() >= Limits.SERVICES) {
      return "the cluster has its limit of " + Limits.SERVICES + " services";
    }
    var wrong = nameTaken(service);
    return wrong != null
        ? wrong
        : record(
            new ObjectChange.OfService(
                null,
                service.toBuilder()
                    .setVersion(version)
                    .setSpecIndex(version.getIndex())
                    .setCreatedAt(now)
                    .setUpdatedAt(now)
                    .build()));
  }

  private @Nullable String create(Task task) {
    var id = task.getId();
    if (id.isEmpty()) {
      return "a task without an id";
    }
    if (tasks.get(id) != null) {
      return "task " + id + " already exists";
    }
    if (tasks.size() >= Limits.TASKS) {
      return "the cluster has its limit of " + Limits.TASKS + " tasks";
    }
    var service = services.get(task.getServiceId());
    if (service == null) {
      return "task " + id + " is of service " + task.getServiceId() + ", which does not exist";
    }
    if (!TaskStates.isDesired(task.getDesiredState())) {
      return "task " + id + " cannot be desired to be " + task.getDesiredState();
    }
    return record(
        new ObjectChange.OfTask(
            null,
            task.toBuilder()
                .setServiceId(service.getId())
                .setNodeId(sharedNodeId(task.getNodeId()))
                .setVersion(version)
                .setCreatedAt(now)
                .setUpdatedAt(now)
                .build()));
  }

  private @Nullable String create(Cluster created) {
    if (cluster != null) {
      return "the cluster object already exists";
    }
    return record(
        new ObjectChange.OfCluster(
            null,
            created.toBuilder().setVersion(version).setCreatedAt(now).setUpdatedAt(now).build()));
  }

  // ---- Update. The id stays the same String, so that indexes and tasks go on sharing it.

  private @Nullable String update(Node node) {
    var before = nodes.get(node.getId());
    if (before == null) {
      return "node " + node.getId() + " does not exist";
    }
    var wrong = outOfSequence("node", node.getId(), before.getVersion(), node.getVersion());
    return wrong != null
        ? wrong
        : record(
            new ObjectChange.OfNode(
                before,
                node.toBuilder()
                    .setId(before.getId())
                    .setCreatedAt(before.getCreatedAt())
                    .setVersion(version)
                    .setSpecIndex(
                        node.getSpec().equals(before.getSpec())
                            ? before.getSpecIndex()
                            : version.getIndex())
                    .setUpdatedAt(now)
                    .build()));
  }

  private @Nullable String update(Service service) {
    var before = services.get(service.getId());
    if (before == null) {
      return "service " + service.getId() + " does not exist";
    }
    var wrong =
        outOfSequence("service", service.getId(), before.getVersion(), service.getVersion());
    if (wrong == null) {
      wrong = nameTaken(service);
    }
    if (wrong == null && before.getPendingDelete() && !service.getPendingDelete()) {
      wrong = "service " + service.getId() + " is being removed";
    }
    return wrong != null
        ? wrong
        : record(
            new ObjectChange.OfService(
                before,
                service.toBuilder()
                    .setId(before.getId())
                    .setCreatedAt(before.getCreatedAt())
                    .setVersion(version)
                    .setSpecIndex(
                        service.getSpec().equals(before.getSpec())
                            ? before.getSpecIndex()
                            : version.getIndex())
                    .setUpdatedAt(now)
                    .build()));
  }

  private @Nullable String update(Task task) {
    var before = tasks.get(task.getId());
    if (before == null) {
      return "task " + task.getId() + " does not exist";
    }
    var wrong = outOfSequence("task", task.getId(), before.getVersion(), task.getVersion());
    if (wrong == null) {
      wrong = notForward(before, task);
    }
    return wrong != null
        ? wrong
        : record(
            new ObjectChange.OfTask(
                before,
                task.toBuilder()
                    .setId(before.getId())
                    .setServiceId(before.getServiceId())
                    .setNodeId(sharedNodeId(task.getNodeId()))
                    .setCreatedAt(before.getCreatedAt())
                    .setVersion(version)
                    .setUpdatedAt(now)
                    .build()));
  }

  private @Nullable String update(Cluster updated) {
    var before = cluster;
    if (before == null || !before.getId().equals(updated.getId())) {
      return "cluster " + updated.getId() + " does not exist";
    }
    var wrong =
        outOfSequence("cluster", updated.getId(), before.getVersion(), updated.getVersion());
    return wrong != null
        ? wrong
        : record(
            new ObjectChange.OfCluster(
                before,
                updated.toBuilder()
                    .setCreatedAt(before.getCreatedAt())
                    .setVersion(version)
                    .setUpdatedAt(now)
                    .build()));
  }

  private static @Nullable String outOfSequence(
      String kind, String id, Version stored, Version expected) {
    return stored.getIndex() == expected.getIndex()
        ? null
        : "update out of sequence: %s %s is at version %d, not %d"
            .formatted(kind, id, stored.getIndex(), expected.getIndex());
  }

  private @Nullable String nameTaken(Service service) {
    if (service.getPendingDelete()) {
      return null;
    }
    var holder = serviceNames.get(ClusterState.nameKey(service.getSpec().getName()));
    return holder == null || holder.equals(service.getId())
        ? null
        : "the name %s is taken by service %s".formatted(service.getSpec().getName(), holder);
  }

  private static @Nullable String notForward(Task before, Task after) {
    var from = before.getStatus().getState();
    var to = after.getStatus().getState();
    if (from != to && !TaskStates.mayBecome(from, to)) {
      return "task %s cannot go from %s to %s".formatted(before.getId(), from, to);
    }
    var desired = before.getDesiredState();
    if (desired != after.getDesiredState()
        && !TaskStates.mayBeDesired(desired, after.getDesiredState())) {
      return "task %s, desired %s, cannot be desired %s"
          .formatted(before.getId(), desired, after.getDesiredState());
    }
    if (!before.getServiceId().equals(after.getServiceId())
        || before.getSlot() != after.getSlot()) {
      return "task %s cannot change its service or slot".formatted(before.getId());
    }
    if (!before.getNodeId().isEmpty() && !before.getNodeId().equals(after.getNodeId())) {
      return "task %s cannot leave node %s".formatted(before.getId(), before.getNodeId());
    }
    return null;
  }

  // ---- Remove

  private @Nullable String remove(RemoveChange remove) {
    var id = remove.getId();
    return switch (remove.getKind()) {
      case OBJECT_KIND_NODE -> {
        var node = nodes.get(id);
        yield node == null
            ? absent(remove)
            : removed(remove, node.getVersion(), new ObjectChange.OfNode(node, null));
      }
      case OBJECT_KIND_SERVICE -> {
        var service = services.get(id);
        if (service != null && serviceTasks.count(id) > 0) {
          yield "service %s still has %d tasks".formatted(id, serviceTasks.count(id));
        }
        yield service == null
            ? absent(remove)
            : removed(remove, service.getVersion(), new ObjectChange.OfService(service, null));
      }
      case OBJECT_KIND_TASK -> {
        var task = tasks.get(id);
        yield task == null
            ? absent(remove)
            : removed(remove, task.getVersion(), new ObjectChange.OfTask(task, null));
      }
      case OBJECT_KIND_CLUSTER -> "the cluster object cannot be removed";
      case OBJECT_KIND_UNSPECIFIED, UNRECOGNIZED ->
          "cannot remove " + id + " of kind " + remove.getKindValue();
    };
  }

  private static @Nullable String absent(RemoveChange remove) {
    return remove.getVersion().getIndex() == 0
        ? null
        : "%s %s does not exist".formatted(remove.getKind(), remove.getId());
  }

  private @Nullable String removed(RemoveChange remove, Version stored, ObjectChange change) {
    var wrong =
        remove.getVersion().getIndex() == 0
            ? null
            : outOfSequence(remove.getKind().name(), remove.getId(), stored, remove.getVersion());
    return wrong != null ? wrong : record(change);
  }

  // ---- Merge: what cannot conflict

  private @Nullable String mergeStatus(TaskStatusChange change) {
    var before = tasks.get(change.getTaskId());
    if (before == null || !before.getNodeId().equals(change.getNodeId())) {
      return null;
    }
    var status = change.getStatus();
    var from = before.getStatus().getState();
    var to = status.getState();
    var refreshes = from == to && !TaskStates.isTerminal(to) && !status.equals(before.getStatus());
    if (!refreshes && !TaskStates.mayBecome(from, to)) {
      return null;
    }
    var after =
        before.toBuilder().setStatus(compact(status, TEXTS)).setVersion(version).setUpdatedAt(now);
    if (to == TaskState.TASK_STATE_RUNNING && from != to) {
      after.setRunningSince(now);
    }
    return record(new ObjectChange.OfTask(before, after.build()));
  }

  private @Nullable String mergeDesired(TaskDesiredChange change) {
    var before = tasks.get(change.getTaskId());
    if (before == null
        || !TaskStates.mayBeDesired(before.getDesiredState(), change.getDesiredState())) {
      return null;
    }
    return record(
        new ObjectChange.OfTask(
            before,
            before.toBuilder()
                .setDesiredState(change.getDesiredState())
                .setVersion(version)
                .setUpdatedAt(now)
                .build()));
  }

  /// Most statuses say one of a few things: their text is kept once.
  private static TaskStatus compact(TaskStatus status, Canonical canonical) {
    return status.toBuilder()
        .setMessage(canonical.of(status.getMessage()))
        .setErr(canonical.of(status.getErr()))
        .build();
  }

  private String sharedNodeId(String nodeId) {
    var node = nodes.get(nodeId);
    return node == null ? nodeId : node.getId();
  }

  // ---- Store

  private @Nullable String record(ObjectChange change) {
    store(change);
    changes.add(change);
    return null;
  }

  /// Makes the maps and indexes hold what the change says, whatever made it.
  private void store(ObjectChange change) {
    switch (change) {
      case ObjectChange.OfCluster(var before, var after) -> cluster = after;
      case ObjectChange.OfNode(var before, var after) -> {
        if (after == null) {
          nodes.remove(change.id());
        } else {
          nodes.put(after.getId(), after);
        }
      }
      case ObjectChange.OfService(var before, var after) -> {
        if (before != null && !before.getPendingDelete()) {
          serviceNames.remove(ClusterState.nameKey(before.getSpec().getName()));
        }
        if (after == null) {
          services.remove(change.id());
        } else {
          services.put(after.getId(), after);
          if (!after.getPendingDelete()) {
            serviceNames.put(ClusterState.nameKey(after.getSpec().getName()), after.getId());
          }
        }
      }
      case ObjectChange.OfTask(var before, var after) -> storeTask(before, after);
    }
  }

  private void storeTask(@Nullable Task before, @Nullable Task after) {
    if (before != null && after != null) {
      tasks.put(after.getId(), after);
      if (!before.getNodeId().equals(after.getNodeId())) {
        leaveNode(before);
        joinNode(after);
      }
    } else if (after != null) {
      tasks.put(after.getId(), after);
      serviceTasks.add(after.getServiceId(), ref(after));
      joinNode(after);
    } else if (before != null) {
      leaveNode(before);
      serviceTasks.remove(before.getServiceId(), ref(before));
      tasks.remove(before.getId());
    }
  }

  private void joinNode(Task task) {
    if (!task.getNodeId().isEmpty()) {
      var shared = serviceTasks.canonical(task.getServiceId(), ref(task));
      nodeTasks.add(task.getNodeId(), shared == null ? ref(task) : shared);
    }
  }

  private void leaveNode(Task task) {
    if (!task.getNodeId().isEmpty()) {
      nodeTasks.remove(task.getNodeId(), ref(task));
    }
  }

  private static TaskIndex.Ref ref(Task task) {
    return new TaskIndex.Ref(task.getServiceId(), task.getSlot(), task.getId());
  }
}
