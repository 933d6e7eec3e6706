package dev.skein.manager.plan;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ChangeSets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// What a planner decided.
///
/// @param changes to be proposed, in order
/// @param wakes when to look again at what did not need a change yet
public record Plan(List<Change> changes, List<Wake> wakes) {
  public Plan {
    changes = List.copyOf(changes);
    wakes = List.copyOf(wakes);
  }

  public static Builder builder() {
    return new Builder();
  }

  /// Collects a plan.
  public static final class Builder {
    private final List<Change> changes = new ArrayList<>();
    private final List<Wake> wakes = new ArrayList<>();

    private Builder() {}

    public void create(Task task) {
      changes.add(ChangeSets.create(task));
    }

    public void update(Task task) {
      changes.add(ChangeSets.update(task));
    }

    public void update(Service service) {
      changes.add(ChangeSets.update(service));
    }

    public void update(Cluster cluster) {
      changes.add(ChangeSets.update(cluster));
    }

    public void remove(Node node) {
      changes.add(ChangeSets.remove(ObjectKind.OBJECT_KIND_NODE, node.getId(), node.getVersion()));
    }

    public void remove(Task task) {
      changes.add(ChangeSets.remove(ObjectKind.OBJECT_KIND_TASK, task.getId()));
    }

    public void remove(Service service) {
      changes.add(
          ChangeSets.remove(ObjectKind.OBJECT_KIND_SERVICE, service.getId(), service.getVersion()));
    }

    public void desire(Task task, TaskState state) {
      changes.add(ChangeSets.desire(task.getId(), state));
    }

    public void observe(Task task, TaskStatus status) {
      changes.add(ChangeSets.status(task, status));
    }

    public void wake(DirtyKey key, Instant at) {
      wakes.add(new Wake(key, at));
    }

    public Plan build() {
      return new Plan(changes, wakes);
    }
  }
}
