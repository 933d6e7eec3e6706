package dev.skein.manager.dispatch;

import dev.skein.proto.v1.Task;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Tasks that are to be stopped and that meshes may still have connections to: each is released,
/// for its node to signal it, when the mesh of every connected node has let go of it, or when its
/// stop grace period is over.
///
/// A node without a session can't be asked; it is not waited for, except that a new leader waits a
/// little for the nodes that are about to connect. Not thread-safe.
final class Drains {

  private final Map<String, Drain> drains = new HashMap<>();
  private final PriorityQueue<Drain> byDeadline =
      new PriorityQueue<>(Comparator.comparing((Drain drain) -> drain.deadline));
  private final Set<Long> sessions = new HashSet<>();
  private final Instant settledAt;
  private boolean settled;

  /// @param settledAt when the nodes that are there have connected to the new leader
  Drains(Instant settledAt) {
    this.settledAt = settledAt;
  }

  /// A task that may be signalled now.
  record Released(String taskId, String nodeId) {}

  private static final class Drain {
    private final String taskId;
    private final String nodeId;
    private final Instant deadline;
    private final Set<Long> letGo = new HashSet<>();
    private boolean released;

    private Drain(String taskId, String nodeId, Instant deadline) {
      this.taskId = taskId;
      this.nodeId = nodeId;
      this.deadline = deadline;
    }
  }

  /// A session can be asked from now on.
  void opened(long session) {
    sessions.add(session);
  }

  /// A session is gone; what only waited for it is released.
  List<Released> closed(long session, Instant now) {
    sessions.remove(session);
    var released = new ArrayList<Released>();
    for (var drain : drains.values()) {
      drain.letGo.remove(session);
      release(drain, false, now, released);
    }
    return released;
  }

  /// A task is to be stopped while it is in the mesh's table.
  List<Released> begin(Task task, Duration grace, Instant now) {
    if (drains.containsKey(task.getId())) {
      return List.of();
    }
    var drain = new Drain(task.getId(), task.getNodeId(), now.plus(grace));
    drains.put(drain.taskId, drain);
    byDeadline.add(drain);
    var released = new ArrayList<Released>(1);
    release(drain, false, now, released);
    return released;
  }

  /// A node's mesh has no connection to these tasks.
  List<Released> letGo(long session, List<String> taskIds, Instant now) {
    var released = new ArrayList<Released>();
    for (var id : taskIds) {
      var drain = drains.get(id);
      if (drain != null && sessions.contains(session) && drain.letGo.add(session)) {
        release(drain, false, now, released);
      }
    }
    return released;
  }

  /// The task runs no more: nothing is left to wait for.
  void end(String taskId) {
    var drain = drains.remove(taskId);
    if (drain != null) {
      byDeadline.remove(drain);
    }
  }

  /// Whether the task is being drained, or was.
  boolean contains(String taskId) {
    return drains.containsKey(taskId);
  }

  /// Tasks of a node that were released while it could not be told.
  List<String> releasedOf(String nodeId) {
    return drains.values().stream()
        .filter(drain -> drain.released && drain.nodeId.equals(nodeId))
        .map(drain -> drain.taskId)
        .sorted()
        .toList();
  }

  /// Releases what has waited for long enough.
  List<Released> tick(Instant now) {
    var released = new ArrayList<Released>();
    if (!settled && !now.isBefore(settledAt)) {
      settled = true;
      drains.values().forEach(drain -> release(drain, false, now, released));
    }
    for (var next = byDeadline.peek();
        next != null && !now.isBefore(next.deadline);
        next = byDeadline.peek()) {
      byDeadline.remove();
      release(next, true, now, released);
    }
    return released;
  }

  /// When the next wait is over, or null.
  @Nullable Instant wakeAt() {
    var next = byDeadline.peek();
    if (next == null) {
      return null;
    }
    return settled || next.deadline.isBefore(settledAt) ? next.deadline : settledAt;
  }

  private void release(Drain drain, boolean late, Instant now, List<Released> released) {
    var everyoneLetGo = !now.isBefore(settledAt) && drain.letGo.size() >= sessions.size();
    if (!drain.released && (late || everyoneLetGo)) {
      drain.released = true;
      byDeadline.remove(drain);
      released.add(new Released(drain.taskId, drain.nodeId));
    }
  }
}
