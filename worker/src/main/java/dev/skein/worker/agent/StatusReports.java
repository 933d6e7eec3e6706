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
/// commit, whatever the load. Not thread-safe: owned by the agent's core.
final class StatusReports {

  /// Updates in one report.
  static final int UPDATES_MAX = 500;

  /// A report unanswered for so long is repeated.
  static final Duration REPEAT_AFTER = Duration.ofSeconds(5);

  private final LinkedHashMap<String, TaskStatus> unreported = new LinkedHashMap<>();
  private final Map<String, TaskStatus> onItsWay = new HashMap<>();
  private long sequence;
  private @Nullable Instant sentAt;

  /// A task has a new status.
  void changed(String taskId, TaskStatus status) {
    unreported.put(taskId, status);
  }

  /// A task's status interests nobody any more.
  void forget(String taskId) {
    unreported.remove(taskId);
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
    var sent = sentAt;
    if (unreported.isEmpty() || (sent != null && now.isBefore(sent.plus(REPEAT_AFTER)))) {
      return null;
    }
    onItsWay.clear();
    var report = TaskStatusReport.newBuilder().setSequence(++sequence);
    for (var entry : unreported.entrySet()) {
      if (onItsWay.size() == UPDATES_MAX) {
        break;
      }
      onItsWay.put(entry.getKey(), entry.getValue());
      report.addUpdates(
          TaskStatusUpdate.newBuilder().setTaskId(entry.getKey()).setStatus(entry.getValue()));
    }
    sentAt = now;
    return report.build();
  }

  /// When an unanswered report is due again, or null.
  @Nullable Instant repeatAt() {
    var sent = sentAt;
    return sent == null || unreported.isEmpty() ? null : sent.plus(REPEAT_AFTER);
  }

  /// Whether the managers have committed everything.
  boolean isEmpty() {
    return unreported.isEmpty();
  }
}
