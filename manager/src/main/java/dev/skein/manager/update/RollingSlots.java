package dev.skein.manager.update;

import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.plan.Wait;
import dev.skein.manager.restart.RestartDecision;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// How far an update has come, read off the tasks alone: which slots are still to be replaced,
/// which replacements are under way, which of them failed. Lives for one planning call.
final class RollingSlots {
  private final ClusterState state;
  private final ServiceRevisions service;
  private final Instant now;
  private final List<Lineage> outOfDate = new ArrayList<>();
  private final List<Task> replacements = new ArrayList<>();
  private final List<Task> ended = new ArrayList<>();
  private int slotCount;
  private Instant changedAt = Instant.EPOCH;
  // The earliest time at which the answers below change by themselves.
  private @Nullable Instant changesAt;

  RollingSlots(ClusterState state, ServiceRevisions service, Instant now) {
    this.state = state;
    this.service = service;
    this.now = now;
    var slots = new TreeMap<Slot, List<Task>>();
    for (var task : state.tasksOfService(service.service().getId())) {
      slots.computeIfAbsent(Slot.of(task), slot -> new ArrayList<>(2)).add(task);
    }
    for (Map.Entry<Slot, List<Task>> slot : slots.entrySet()) {
      add(Lineage.of(slot.getValue()));
    }
    outOfDate.sort(
        Comparator.comparing((Lineage lineage) -> isRunning(lineage.filling().getLast())));
  }

  private void add(Lineage lineage) {
    for (var task : lineage.tasks()) {
      var step = lastStep(task);
      // What fails and is started again, old or new, brings the update no further.
      if (step.isAfter(changedAt) && task.getRestarts() == 0) {
        changedAt = step;
      }
      if (isOfThisRevision(task) && TaskStates.isTerminal(task.getStatus().getState())) {
        ended.add(task);
      }
    }
    var filling = lineage.filling();
    if (filling.isEmpty()) {
      return;
    }
    slotCount++;
    var last = filling.getLast();
    if (isOfThisRevision(last)) {
      replacements.add(last);
    } else if (!service.isUpToDate(last, state.node(last.getNodeId()))
        // A global service's task on a lost node is brought up to date when the node comes back.
        && !Lineage.isLost(last, state)) {
      outOfDate.add(lineage);
    }
  }

  private boolean isOfThisRevision(Task task) {
    return task.getSpecVersion() == service.service().getSpecVersion();
  }

  /// Slots to be replaced, those that do not run anyway first.
  List<Lineage> outOfDate() {
    return outOfDate;
  }

  @Nullable Instant changesAt() {
    return changesAt;
  }

  /// Replacements that take up one of the update's places: they do not run yet, or not for the
  /// update's delay.
  int underWay(Rollout rollout) {
    var count = 0;
    for (var task : replacements) {
      if (!isThrough(task, rollout, rollout.delay())) {
        count++;
      }
    }
    return count;
  }

  /// How many slots have their replacement.
  int replaced() {
    return replacements.size();
  }

  int slotCount() {
    return slotCount;
  }

  /// When a task was made, began to run or ended: what a probe hears of one that runs is no step.
  private static Instant lastStep(Task task) {
    if (TaskStates.isTerminal(task.getStatus().getState())) {
      return Times.instant(task.getUpdatedAt());
    }
    return Times.instant(task.hasRunningSince() ? task.getRunningSince() : task.getCreatedAt());
  }

  /// When the service's tasks last came a step further.
  Instant changedAt() {
    return changedAt;
  }

  /// Whether every slot has its replacement, and each has been watched for the monitor time.
  boolean isComplete(Rollout rollout) {
    return outOfDate.isEmpty() && isWatched(rollout);
  }

  /// Whether as many slots as shall prove themselves are replaced, and each has been watched for
  /// the monitor time.
  boolean isHolding(Rollout rollout) {
    return rollout.hasCanaries() && replacements.size() >= rollout.canaries() && isWatched(rollout);
  }

  private boolean isWatched(Rollout rollout) {
    for (var task : replacements) {
      if (!isThrough(task, rollout, rollout.monitor())) {
        return false;
      }
    }
    return true;
  }

  private boolean isThrough(Task task, Rollout rollout, Duration afterRunning) {
    // One that ended and stays, or that was replaced itself, has had its try: it counts among the
    // failed or not, but holds nothing up. Else many that fail again and again, of which one or
    // the other always runs, would never let the update end.
    if (Lineage.isLost(task, state)
        || task.getRestarts() > 0
        || TaskStates.isTerminal(task.getStatus().getState())) {
      return true;
    }
    return isRunning(task)
        ? isPast(new Wait(Times.instant(task.getRunningSince()), afterRunning).end(now))
        : isPast(rollout.deadline(Times.instant(task.getCreatedAt())));
  }

  /// What went wrong in this update since it began or was resumed: at most one task per slot, the
  /// latest one last.
  List<Task> failed(Rollout rollout, Instant since) {
    var failed = new ArrayList<Task>();
    var slots = new HashSet<Slot>();
    for (var task : ended) {
      if (endedEarly(task, rollout, since) && slots.add(Slot.of(task))) {
        failed.add(task);
      }
    }
    for (var task : replacements) {
      if (isStuck(task, rollout, since) && slots.add(Slot.of(task))) {
        failed.add(task);
      }
    }
    failed.sort(Comparator.comparing(task -> Times.instant(task.getUpdatedAt())));
    return failed;
  }

  private boolean endedEarly(Task task, Rollout rollout, Instant since) {
    var status = task.getStatus().getState();
    if (status != TaskState.TASK_STATE_FAILED
        && status != TaskState.TASK_STATE_REJECTED
        && status != TaskState.TASK_STATE_COMPLETE) {
      return false;
    }
    var policy = service.of(task).getTask().getRestartPolicy();
    var endedAt = Times.instant(task.getUpdatedAt());
    if (endedAt.isBefore(since) || !RestartDecision.isFailure(task, policy)) {
      return false;
    }
    // Canaries are watched for as long as they are alone.
    return !task.hasRunningSince()
        || rollout.hasCanaries()
        || !endedAt.isAfter(Times.instant(task.getRunningSince()).plus(rollout.monitor()));
  }

  private boolean isStuck(Task task, Rollout rollout, Instant since) {
    if (task.hasRunningSince()
        || TaskStates.isTerminal(task.getStatus().getState())
        || task.getRestarts() > 0) {
      return false;
    }
    var begun = Times.instant(task.getCreatedAt());
    return isPast(rollout.deadline(begun.isBefore(since) ? since : begun));
  }

  /// Whether it is this time or later; if not, the answers here change then.
  boolean isPast(Instant time) {
    if (now.isBefore(time)) {
      if (changesAt == null || time.isBefore(changesAt)) {
        changesAt = time;
      }
      return false;
    }
    return true;
  }

  static boolean isRunning(Task task) {
    return task.getStatus().getState() == TaskState.TASK_STATE_RUNNING;
  }
}
