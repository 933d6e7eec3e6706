package dev.skein.manager.explain;

import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.NodeNames;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.HealthState;
import dev.skein.proto.v1.RestartCondition;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/// Says of one task that fills a slot why it does not run as it is asked for.
///
/// @param now for how long something still lasts
record SlotSentence(ClusterState state, Service service, ServiceRevisions revisions, Instant now) {

  static boolean isUnhealthy(Task task) {
    return task.getStatus().getHealth().getStatus() == HealthState.HEALTH_STATE_UNHEALTHY;
  }

  /// The slot as listings show it: `web.3`, or `web.NODE` of a global service.
  String name(Task task) {
    return service.getSpec().getName()
        + "."
        + (task.getSlot() == 0 ? task.getNodeId() : Integer.toUnsignedString(task.getSlot()));
  }

  String of(Task task) {
    return name(task) + " " + what(task) + ".";
  }

  private String what(Task task) {
    var status = task.getStatus();
    var isOver = status.getState().getNumber() >= TaskState.TASK_STATE_COMPLETE_VALUE;
    if (!isOver && Lineage.isLost(task, state)) {
      return "is on node %s, which is down".formatted(node(task));
    }
    if (isOver) {
      return ended(task);
    }
    if (task.getDesiredState() == TaskState.TASK_STATE_READY) {
      return waitsToStart(task);
    }
    return switch (status.getState()) {
      case TASK_STATE_NEW -> "waits for the service's published ports" + because(status);
      case TASK_STATE_PENDING -> "waits for a node" + because(status);
      case TASK_STATE_ASSIGNED -> "was given to node %s, which has not begun".formatted(node(task));
      case TASK_STATE_ACCEPTED, TASK_STATE_PREPARING, TASK_STATE_READY ->
          "is being prepared on node %s%s".formatted(node(task), because(status));
      case TASK_STATE_STARTING -> starting(task);
      default -> running(task);
    };
  }

  private static String because(TaskStatus status) {
    return status.getErr().isEmpty() ? "" : ": " + status.getErr();
  }

  private String starting(Task task) {
    var status = task.getStatus();
    if (!status.hasHealth()) {
      return "is being started on node %s%s".formatted(node(task), because(status));
    }
    return status.getErr().isEmpty()
        ? "is not healthy yet on node %s: no health check has passed so far".formatted(node(task))
        : "is not healthy yet on node %s%s".formatted(node(task), because(status));
  }

  private String running(Task task) {
    if (isUnhealthy(task)) {
      return "is unhealthy on node %s and is being stopped%s"
          .formatted(node(task), because(task.getStatus()));
    }
    return "runs an earlier specification on node %s and is still to be replaced"
        .formatted(node(task));
  }

  private String waitsToStart(Task task) {
    var at = task.hasStartAfter() ? Times.instant(task.getStartAfter()) : Instant.MIN;
    if (now.isBefore(at)) {
      return "starts " + whenDelayIsOver(task) + lastEnd(task);
    }
    if (Lineage.wasNeverAssigned(task)) {
      return "waits for a node" + because(task.getStatus());
    }
    return "waits for the task before it to stop" + lastEnd(task);
  }

  private String whenDelayIsOver(Task task) {
    var at = task.hasStartAfter() ? Times.instant(task.getStartAfter()) : Instant.MIN;
    if (!now.isBefore(at)) {
      return "now";
    }
    var row = task.getRestartStreak();
    return "at %s, in %d s, by its restart delay%s"
        .formatted(
            at.truncatedTo(ChronoUnit.SECONDS),
            Math.max(1, Duration.between(now, at).toSeconds()),
            row > 1 ? " after %d restarts in a row".formatted(row) : "");
  }

  /// How the slot's last task ended before this one.
  private String lastEnd(Task task) {
    var last = "";
    for (var other : Lineage.of(state, Slot.of(task)).tasks()) {
      if (!other.getId().equals(task.getId()) && !other.getStatus().getErr().isEmpty()) {
        last = "; the task before it ended: " + other.getStatus().getErr();
      }
    }
    return last;
  }

  private String ended(Task task) {
    var policy = revisions.of(task).getTask().getRestartPolicy();
    var status = task.getStatus();
    var how = status.getState().name().substring("TASK_STATE_".length()).toLowerCase(Locale.ROOT);
    var condition = Defaults.restartCondition(policy);
    var why =
        condition == RestartCondition.RESTART_CONDITION_NONE
                || (condition == RestartCondition.RESTART_CONDITION_ON_FAILURE
                    && status.getState() == TaskState.TASK_STATE_COMPLETE)
            ? "is not replaced: its restart condition is "
                + condition
                    .name()
                    .substring("RESTART_CONDITION_".length())
                    .toLowerCase(Locale.ROOT)
                    .replace('_', '-')
            : policy.getMaxAttempts() > 0 && task.getRestarts() >= policy.getMaxAttempts()
                ? "is not replaced: it was restarted %d times, as often as it may be"
                    .formatted(task.getRestarts())
                : "is replaced " + whenDelayIsOver(task);
    return "ended on node %s as %s%s, and %s".formatted(node(task), how, because(status), why);
  }

  private String node(Task task) {
    var node = state.node(task.getNodeId());
    return node == null ? task.getNodeId() : NodeNames.of(node);
  }
}
