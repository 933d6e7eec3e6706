package dev.skein.manager.plan;

import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import dev.skein.state.ObjectChange;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The keys that may have changed, each once, in the order in which they were first marked. Not
/// safe for use by several threads.
public final class Dirty {
  private final Set<String> services = new LinkedHashSet<>();
  private final Set<String> nodes = new LinkedHashSet<>();
  private final Set<Slot> slots = new LinkedHashSet<>();
  private final Set<String> tasks = new LinkedHashSet<>();
  private boolean cluster;
  private boolean everything;
  // What the planners of a round have in common while none of them changes anything.
  private @Nullable Lineages lineages;

  /// Marks all that the state holds: for a leader that begins, or after commits were missed.
  public static Dirty everythingIn(ClusterState state) {
    var dirty = new Dirty();
    dirty.everything = true;
    dirty.cluster = true;
    for (var service : state.services().values()) {
      dirty.services.add(service.getId());
    }
    for (var node : state.nodes().values()) {
      dirty.nodes.add(node.getId());
    }
    for (var task : state.tasks().values()) {
      dirty.mark(task);
    }
    return dirty;
  }

  /// Marks what an object's change concerns.
  public void mark(ObjectChange change) {
    switch (change) {
      case ObjectChange.OfService service -> services.add(service.id());
      case ObjectChange.OfNode node -> nodes.add(node.id());
      case ObjectChange.OfCluster ignored -> cluster = true;
      case ObjectChange.OfTask task -> {
        if (task.before() != null) {
          mark(task.before());
        }
        if (task.after() != null) {
          mark(task.after());
        }
      }
    }
  }

  public void mark(DirtyKey key) {
    switch (key) {
      case DirtyKey.OfService service -> services.add(service.id());
      case DirtyKey.OfNode node -> nodes.add(node.id());
      case DirtyKey.OfSlot slot -> slots.add(slot.slot());
    }
  }

  private void mark(Task task) {
    tasks.add(task.getId());
    slots.add(Slot.of(task));
  }

  /// Adds all that another has marked.
  public void markAll(Dirty other) {
    services.addAll(other.services);
    nodes.addAll(other.nodes);
    slots.addAll(other.slots);
    tasks.addAll(other.tasks);
    cluster |= other.cluster;
    everything |= other.everything;
  }

  public boolean isClean() {
    return !cluster
        && !everything
        && services.isEmpty()
        && nodes.isEmpty()
        && slots.isEmpty()
        && tasks.isEmpty();
  }

  /// Whether nothing may be taken as known from before. The sets then hold all that exists.
  public boolean everything() {
    return everything;
  }

  /// Whether the cluster's own object changed.
  public boolean cluster() {
    return cluster;
  }

  /// Ids of services, which may be gone.
  public Set<String> services() {
    return Collections.unmodifiableSet(services);
  }

  /// Ids of nodes, which may be gone.
  public Set<String> nodes() {
    return Collections.unmodifiableSet(nodes);
  }

  /// The slots of every task that changed, and those that were asked for by a [Wake].
  public Set<Slot> slots() {
    return Collections.unmodifiableSet(slots);
  }

  /// Ids of tasks, which may be gone.
  public Set<String> tasks() {
    return Collections.unmodifiableSet(tasks);
  }

  /// The slots that changed and those that have a task on a node that did.
  public Set<Slot> slotsTouched(ClusterState state) {
    if (nodes.isEmpty() || everything) {
      return slots();
    }
    var touched = new LinkedHashSet<>(slots);
    for (var node : nodes) {
      for (var task : state.tasksOfNode(node)) {
        touched.add(Slot.of(task));
      }
    }
    return touched;
  }

  /// The lineages of the state that is planned on.
  public Lineages lineages(ClusterState state) {
    var known = lineages;
    if (known == null || !known.areOf(state)) {
      known = new Lineages(state);
      lineages = known;
    }
    return known;
  }
}
