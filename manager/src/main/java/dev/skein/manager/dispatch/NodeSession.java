package dev.skein.manager.dispatch;

import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.Assignments;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One agent's open session: what was sent to it, and what is to be sent next.
///
/// Not thread-safe: owned by the dispatcher's core.
final class NodeSession {

  final long key;
  final String nodeId;
  final String id;
  private long sequence;
  private final Map<String, AssignedTask> updated = new LinkedHashMap<>();
  private final List<String> removed = new ArrayList<>();
  private final List<String> drained = new ArrayList<>();

  /// @param key the shell's number of the session
  /// @param id the session's id that the agent is told
  NodeSession(long key, String nodeId, String id) {
    this.key = key;
    this.nodeId = nodeId;
    this.id = id;
  }

  /// All of the node's tasks: what a session begins with.
  Assignments complete(List<AssignedTask> tasks) {
    updated.clear();
    removed.clear();
    var from = sequence++;
    return Assignments.newBuilder()
        .setType(Assignments.Type.TYPE_COMPLETE)
        .setAppliesTo(from)
        .setResultsIn(sequence)
        .addAllUpdated(tasks)
        .build();
  }

  /// Adds what the next increment says of a task. A spec that was not sent yet stays with it.
  void update(AssignedTask task) {
    updated.merge(
        task.getTask().getId(),
        task,
        (before, after) ->
            before.hasSpec() && !after.hasSpec()
                ? before.toBuilder().setTask(after.getTask()).build()
                : after);
  }

  /// The task no longer exists.
  void remove(String taskId) {
    updated.remove(taskId);
    removed.add(taskId);
  }

  /// The task may be signalled.
  void drained(String taskId) {
    drained.add(taskId);
  }

  /// Whether the next increment says anything.
  boolean hasIncrement() {
    return !updated.isEmpty() || !removed.isEmpty();
  }

  /// What has changed since the last assignments.
  Assignments increment() {
    var from = sequence++;
    var assignments =
        Assignments.newBuilder()
            .setType(Assignments.Type.TYPE_INCREMENTAL)
            .setAppliesTo(from)
            .setResultsIn(sequence)
            .addAllUpdated(updated.values())
            .addAllRemoved(removed)
            .build();
    updated.clear();
    removed.clear();
    return assignments;
  }

  /// Takes the tasks that may be signalled and were not told yet.
  List<String> takeDrained() {
    var taken = List.copyOf(drained);
    drained.clear();
    return taken;
  }
}
