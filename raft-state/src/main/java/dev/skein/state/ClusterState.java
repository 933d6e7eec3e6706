package dev.skein.state;

import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The cluster's objects at one index of the log. Immutable, with structural sharing between
/// states: holding on to one is a snapshot. Safe to read from any thread.
public final class ClusterState {
  private static final ClusterState EMPTY =
      new ClusterState(
          0,
          null,
          PersistentMap.empty(),
          PersistentMap.empty(),
          PersistentMap.empty(),
          PersistentMap.empty(),
          TaskIndex.empty(TaskIndex.BY_SLOT),
          TaskIndex.empty(TaskIndex.BY_SERVICE));

  private final long index;
  private final @Nullable Cluster cluster;
  private final PersistentMap<Node> nodes;
  private final PersistentMap<Service> services;
  private final PersistentMap<Task> tasks;
  // Lower-case name to id, of the services that are not being removed.
  private final PersistentMap<String> serviceNames;
  private final TaskIndex serviceTasks;
  private final TaskIndex nodeTasks;

  ClusterState(
      long index,
      @Nullable Cluster cluster,
      PersistentMap<Node> nodes,
      PersistentMap<Service> services,
      PersistentMap<Task> tasks,
      PersistentMap<String> serviceNames,
      TaskIndex serviceTasks,
      TaskIndex nodeTasks) {
    this.index = index;
    this.cluster = cluster;
    this.nodes = nodes;
    this.services = services;
    this.tasks = tasks;
    this.serviceNames = serviceNames;
    this.serviceTasks = serviceTasks;
    this.nodeTasks = nodeTasks;
  }

  public static ClusterState empty() {
    return EMPTY;
  }

  /// The index of the last log entry that is in this state.
  public long index() {
    return index;
  }

  /// The cluster object; null before the cluster is initialised.
  public @Nullable Cluster cluster() {
    return cluster;
  }

  public @Nullable Node node(String id) {
    return nodes.get(id);
  }

  public @Nullable Service service(String id) {
    return services.get(id);
  }

  public @Nullable Task task(String id) {
    return tasks.get(id);
  }

  /// The service that has this name, in any case. One that is being removed has lost its name.
  public @Nullable Service serviceByName(String name) {
    var id = serviceNames.get(nameKey(name));
    return id == null ? null : services.get(id);
  }

  /// By id. The same instance in every later state until a node changes.
  public PersistentMap<Node> nodes() {
    return nodes;
  }

  /// By id, those being removed included. The same instance until a service changes.
  public PersistentMap<Service> services() {
    return services;
  }

  /// By id. The same instance until a task changes.
  public PersistentMap<Task> tasks() {
    return tasks;
  }

  /// In the order of slots, then ids.
  public Collection<Task> tasksOfService(String serviceId) {
    return new View<>(
        () -> tasks(serviceTasks.group(serviceId)), () -> serviceTasks.count(serviceId));
  }

  public int taskCountOfService(String serviceId) {
    return serviceTasks.count(serviceId);
  }

  /// All tasks, old ones included, of one slot of a replicated service; by id.
  public Collection<Task> tasksOfSlot(String serviceId, int slot) {
    var from = new TaskIndex.Ref(serviceId, slot, "");
    return list(serviceTasks.group(serviceId, from, ref -> ref.slot() == slot));
  }

  /// By service, then id.
  public Collection<Task> tasksOfNode(String nodeId) {
    return new View<>(() -> tasks(nodeTasks.group(nodeId)), () -> nodeTasks.count(nodeId));
  }

  public int taskCountOfNode(String nodeId) {
    return nodeTasks.count(nodeId);
  }

  /// All tasks, old ones included, of one service on one node; by id.
  public Collection<Task> tasksOfServiceOnNode(String serviceId, String nodeId) {
    var from = new TaskIndex.Ref(serviceId, 0, "");
    return list(nodeTasks.group(nodeId, from, ref -> ref.serviceId().equals(serviceId)));
  }

  /// The state after one more log entry, and what became of each of its change sets. Sets are
  /// applied in order, each entirely or not at all. Pure and deterministic: the same state and
  /// entry give the same result on every manager.
  ///
  /// @param index the entry's index, greater than this state's
  public Applied apply(long index, List<ChangeSet> sets) {
    if (index <= this.index) {
      throw new IllegalArgumentException(
          "entry " + index + " cannot follow " + this.index + ": it is already applied");
    }
    var editor = new StateEditor(this, index);
    var outcomes = new ArrayList<Outcome>(sets.size());
    for (var set : sets) {
      outcomes.add(editor.apply(set));
    }
    return new Applied(editor.toState(), outcomes, editor.changes());
  }

  /// How names are compared: without regard to case.
  static String nameKey(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  PersistentMap<String> serviceNames() {
    return serviceNames;
  }

  TaskIndex serviceTasks() {
    return serviceTasks;
  }

  TaskIndex nodeTasks() {
    return nodeTasks;
  }

  /// Of the few tasks that fill one place: planners look at all places of the cluster, and a list
  /// is walked several times as fast as a view.
  private List<Task> list(Iterator<TaskIndex.Ref> refs) {
    var list = new ArrayList<Task>(4);
    while (refs.hasNext()) {
      list.add(indexed(refs.next()));
    }
    return Collections.unmodifiableList(list);
  }

  private Iterator<Task> tasks(Iterator<TaskIndex.Ref> refs) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return refs.hasNext();
      }

      @Override
      public Task next() {
        return indexed(refs.next());
      }
    };
  }

  private Task indexed(TaskIndex.Ref ref) {
    var task = tasks.get(ref.taskId());
    if (task == null) {
      throw new IllegalStateException(
          "task " + ref.taskId() + " is in an index but not in the state");
    }
    return task;
  }

  @Override
  public String toString() {
    return "ClusterState(index %d: %d nodes, %d services, %d tasks)"
        .formatted(index, nodes.size(), services.size(), tasks.size());
  }
}
