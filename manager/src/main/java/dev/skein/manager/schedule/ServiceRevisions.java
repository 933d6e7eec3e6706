package dev.skein.manager.schedule;

import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.SpecRevision;
import dev.skein.proto.v1.Task;
import dev.skein.state.Mode;
import dev.skein.state.Revisions;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A service with what its revisions ask for, each read at most once. Lives for one planning call;
/// owned by its thread.
public final class ServiceRevisions {
  private final Service service;
  private final SpecRevision current;
  private final Map<Long, Requirements> requirements = new HashMap<>();
  private final Map<Long, Boolean> sameContent = new HashMap<>();

  public ServiceRevisions(Service service) {
    this.service = service;
    this.current = Revisions.current(service);
  }

  public Service service() {
    return service;
  }

  /// The revision that the task runs; the current one when the service no longer has the task's.
  public SpecRevision of(Task task) {
    var found = Revisions.find(service, task.getSpecVersion());
    return found == null ? current : found;
  }

  /// Whether the service still has the revision that the task runs.
  public boolean has(Task task) {
    return Revisions.has(service, task);
  }

  /// What the current revision asks for.
  public Requirements currentRequirements() {
    return requirementsOf(current);
  }

  /// What the task asks of its node: by the current revision when it runs what that says.
  public Requirements requirementsOf(Task task) {
    return isSameContent(task) ? currentRequirements() : requirementsOf(of(task));
  }

  private Requirements requirementsOf(SpecRevision revision) {
    return requirements.computeIfAbsent(revision.getVersion(), v -> Requirements.of(revision));
  }

  /// Whether the task runs what the service now asks for, and where it asks for it. A revision that
  /// differs in placement only replaces just those tasks that may not stay on their nodes.
  ///
  /// @param node the task's node, null when it has none
  public boolean isUpToDate(Task task, @Nullable Node node) {
    if (Revisions.isCurrent(service, task)) {
      return true;
    }
    // What merely has to leave a drained node is not out of date.
    return isSameContent(task) && (node == null || currentRequirements().constraintsHold(node));
  }

  /// Whether the task has to leave its node, because the node is drained or a constraint of its
  /// revision holds there no longer. Where a newer revision only places it otherwise, moving it is
  /// that update's business; but a global service's task has nowhere to be moved to.
  public boolean evicts(Task task, Node node) {
    if (Requirements.isDrained(node)) {
      return true;
    }
    var isMovedByUpdate =
        !Revisions.isCurrent(service, task)
            && isSameContent(task)
            && !Mode.of(service.getSpec()).isPerNode();
    return !isMovedByUpdate && requirementsOf(task).evicts(node);
  }

  private boolean isSameContent(Task task) {
    return sameContent.computeIfAbsent(task.getSpecVersion(), v -> isSameContent(of(task), task));
  }

  private boolean isSameContent(SpecRevision revision, Task task) {
    if (Revisions.isCurrent(service, task)) {
      return true;
    }
    // When the service no longer knows what the task runs, that is taken to be something else.
    return has(task)
        && revision.getEndpoint().equals(current.getEndpoint())
        && revision.getTask().toBuilder()
            .clearPlacement()
            .build()
            .equals(current.getTask().toBuilder().clearPlacement().build());
  }
}
