package dev.skein.worker.agent;

import dev.skein.proto.v1.TaskStatus;
import dev.skein.proto.v1.TaskStatusReport;
import dev.skein.proto.v1.TaskStatusUpdate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Task statuses on their way to the managers: each is kept and repeated until it is acknowledged.
///
/// One report is on its way at a time. What changes meanwhile waits for the acknowledgement, so
/// that a task's steps coalesce into its latest status and a node reports as fast as the managers
/// commit, whatever the load. A step that the next one will soon follow waits for it a little:
/// each report is an entry of the managers' log, and the status that matters would queue behind
/// it. Not thread-safe: owned by the agent's core.
final class StatusReports {

  /// Updates in one report.
  static final int UPDATES_MAX = 500;

  /// A report unanswered for so long is repeated.
  static final Duration REPEAT_AFTER = Duration.ofSeconds(5);

  /// A step is reported after this time if no later status has come by then. Starts that take less
  /// are one report, of RUNNING.
  static final Duration STEP_DELAY = Duration.ofMillis(200);

  private final LinkedHashMap<String, TaskStatus> unreported = new LinkedHashMap<>();

  /// Those of [#unreported] that may wait, with the times up to which; the earliest first.
  private final LinkedHashMap<String, Instant> waiting = new LinkedHashMap<>();

  private final Map<String, TaskStatus> onItsWay = new HashMap<>();
  private long sequence;
  private @Nullable Instant sentAt;

  /// A task has a new status, for the next report.
  void changed(String taskId, TaskStatus status) {
    unreported.put(taskId, status);
    waiting.remove(taskId);
  }

  /// A task has taken a step on its way to another status.
  void stepped(String taskId, TaskStatus status, Instant now) {
    var overdue = unreported.put(taskId, status) != null && !waiting.containsKey(taskId);
    if (!overdue || onItsWay.containsKey(taskId)) {
      waiting.putIfAbsent(taskId, now.plus(STEP_DELAY));
    }
  }

  /// A task's status interests nobody any more.
  void forget(String taskId) {
    unreported.remove(taskId);
    waiting.remove(taskId);
    onItsWay.remove(taskId);
  }

  /// Up to this report everything is committed.
  void acknowledged(long acknowledged) {
    if (sentAt == null || acknowledged < sequence) {
      return;
    }
    onItsWay.forEach(unreported::remove);
    onItsWay.clear();
    sentAt = null;
  }

  /// The session ended: what is on its way may never arrive.
  void disconnected() {
    onItsWay.clear();
    sentAt = null;
  }

  /// The next report to send now, or null.
  @Nullable TaskStatusReport next(Instant now) {
    if (unreported.isEmpty() || !isDue(now)) {
      return null;
    }
    // An unanswered report is repeated even if all that is left of it are steps that wait again.
    var repeated = sentAt != null;
    onItsWay.clear();
    var report = TaskStatusReport.newBuilder().setSequence(++sequence);
    for (var entry : unreported.entrySet()) {
      if (onItsWay.size() == UPDATES_MAX) {
        break;
      }
      var until = waiting.get(entry.getKey());
      if (!repeated && until != null && now.isBefore(until)) {
        continue;
      }
      waiting.remove(entry.getKey());
      onItsWay.put(entry.getKey(), entry.getValue());
      report.addUpdates(
          TaskStatusUpdate.newBuilder().setTaskId(entry.getKey()).setStatus(entry.getValue()));
    }
    sentAt = now;
    return report.build();
  }

  private boolean isDue(Instant now) {
    var due = dueAt();
    var urgent = sentAt == null && unreported.size() > waiting.size();
    return urgent || (due != null && !now.isBefore(due));
  }

  /// When [#next] has a report again without another change: an unanswered one's repetition, or the
  /// first step that has waited long enough; null for never.
  @Nullable Instant dueAt() {
    if (unreported.isEmpty()) {
      return null;
    }
    var sent = sentAt;
    if (sent != null) {
      return sent.plus(REPEAT_AFTER);
    }
    return waiting.isEmpty() ? null : waiting.firstEntry().getValue();
  }

  /// Whether the managers have committed everything.
  boolean isEmpty() {
    return unreported.isEmpty();
  }
}
