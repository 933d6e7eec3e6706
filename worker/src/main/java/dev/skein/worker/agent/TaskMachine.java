package dev.skein.worker.agent;

import com.google.protobuf.Timestamp;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.ContainerStatus;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.worker.agent.WorkerTask.Operation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Moves one task a step at a time: `(task, event, now)` to the next task and what to do for it.
/// Pure.
///
/// It is level-triggered: an event changes what is known, then [#settle] does whatever that asks
/// for, so an event that comes twice, late or out of order does no harm. One operation runs at a
/// time; what becomes wanted meanwhile happens after it.
///
/// A terminal state means that nothing of the task runs any more: what stop-first updates and
/// fixed ports need.
public final class TaskMachine {

  /// The next try of a stop or a removal that failed.
  static final Duration RETRY_DELAY = Duration.ofSeconds(1);

  /// Longer texts in a status are cut.
  static final int TEXT_LENGTH_MAX = 1024;

  private TaskMachine() {}

  /// The task after an event, and what to do now.
  public record Step(WorkerTask task, List<TaskEffect> effects) {}

  /// A task that this node did not know.
  public static Step assigned(AssignedTask assigned, Instant now) {
    var observed = assigned.getTask().getStatus();
    var fresh =
        WorkerTask.idle(assigned, observed, assigned.getTask().getDesiredState()).withHeld(false);
    if (TaskStates.isTerminal(observed.getState())) {
      return new Step(fresh, List.of());
    }
    if (!fresh.isUnwanted()
        && TaskStates.isBefore(TaskState.TASK_STATE_READY, observed.getState())) {
      // It was started here once and a task never starts again.
      return new Step(
          move(fresh, TaskState.TASK_STATE_FAILED, "lost", "the node no longer has the task", now),
          List.of());
    }
    if (!fresh.isUnwanted() && !assigned.hasSpec()) {
      return new Step(
          move(
              fresh,
              TaskState.TASK_STATE_REJECTED,
              "rejected",
              "the task came without a spec",
              now),
          List.of());
    }
    if (fresh.isUnwanted()) {
      return new Step(move(fresh, TaskState.TASK_STATE_SHUTDOWN, "shutdown", "", now), List.of());
    }
    return settle(moveIfLater(fresh, TaskState.TASK_STATE_ACCEPTED, "accepted", now), now);
  }

  /// A task that an earlier agent of this node wrote down.
  ///
  /// @param known as it was written down
  /// @param running what the runtime has of it, running or ended; null when it has nothing
  public static Step recovered(WorkerTask known, TaskEvent.@Nullable Started running, Instant now) {
    var idle =
        new WorkerTask(
            known.assignment(),
            known.status(),
            known.desired(),
            Operation.NONE,
            true,
            false,
            null,
            known.gone(),
            null);
    if (TaskStates.isTerminal(idle.state())) {
      return settle(idle, now);
    }
    if (running != null) {
      // The agent may have died between the start and writing it down.
      return settle(
          idle.state() == TaskState.TASK_STATE_RUNNING ? idle : started(idle, running, now), now);
    }
    if (TaskStates.isBefore(TaskState.TASK_STATE_STARTING, idle.state())) {
      return settle(
          move(
              idle,
              TaskState.TASK_STATE_FAILED,
              "lost",
              "the task ended while the node was down",
              now),
          now);
    }
    // What was prepared is gone with the agent that prepared it, so it is taken from the start. The
    // managers only ever see a task move forward: they ignore the steps that they know.
    return settle(
        idle.withStatus(idle.status().toBuilder().setState(TaskState.TASK_STATE_ACCEPTED).build()),
        now);
  }

  /// The task after an event that a known task met.
  public static Step on(WorkerTask task, TaskEvent event, Instant now) {
    return settle(absorb(task, event, now), now);
  }

  private static WorkerTask absorb(WorkerTask task, TaskEvent event, Instant now) {
    return switch (event) {
      case TaskEvent.Assigned(var newer) -> reassign(task, newer);
      case TaskEvent.Unassigned() -> task.withGone();
      case TaskEvent.Drained() -> task.withDrained();
      case TaskEvent.Prepared() ->
          task.operation() == Operation.PREPARE
              ? moveIfLater(
                  task.withOperation(Operation.NONE), TaskState.TASK_STATE_READY, "prepared", now)
              : task;
      case TaskEvent.PrepareFailed(var reason) ->
          task.operation() == Operation.PREPARE
              ? refuse(task.withOperation(Operation.NONE), reason, now)
              : task;
      case TaskEvent.Started started ->
          task.operation() == Operation.START
              ? started(task.withOperation(Operation.NONE), started, now)
              : task;
      case TaskEvent.StartFailed(var reason) ->
          task.operation() == Operation.START
              ? move(
                  task.withOperation(Operation.NONE),
                  TaskState.TASK_STATE_FAILED,
                  "starting",
                  reason,
                  now)
              : task;
      case TaskEvent.Exited exited ->
          TaskStates.isBefore(task.state(), TaskState.TASK_STATE_STARTING)
                  || TaskStates.isTerminal(task.state())
              ? task
              : ended(task.withOperation(Operation.NONE), exited, now);
      case TaskEvent.Probed(var healthy, var output) -> probed(task, healthy, output, now);
      case TaskEvent.StopFailed(var reason) ->
          task.operation() == Operation.STOP ? retryLater(task, reason, now) : task;
      case TaskEvent.Removed() ->
          task.operation() == Operation.REMOVE
              ? task.withOperation(Operation.NONE).withHeld(false)
              : task;
      case TaskEvent.RemoveFailed(var reason) ->
          task.operation() == Operation.REMOVE ? retryLater(task, reason, now) : task;
      case TaskEvent.Tick() -> task;
    };
  }

  private static WorkerTask reassign(WorkerTask task, AssignedTask newer) {
    var merged = task.assignment().toBuilder().setTask(newer.getTask());
    if (newer.hasSpec()) {
      merged
          .setSpec(newer.getSpec())
          .setServiceName(newer.getServiceName())
          .clearPorts()
          .addAllPorts(newer.getPortsList());
    }
    var desired = TaskStates.later(task.desired(), newer.getTask().getDesiredState());
    if (TaskStates.isTerminal(newer.getTask().getStatus().getState())) {
      // The managers gave it up (its node was away for too long) and may have replaced it.
      desired = TaskStates.later(desired, TaskState.TASK_STATE_SHUTDOWN);
    }
    return task.withAssignment(merged.build()).withDesired(desired);
  }

  private static WorkerTask refuse(WorkerTask task, String reason, Instant now) {
    return TaskStates.isBefore(task.state(), TaskState.TASK_STATE_STARTING)
        ? move(task, TaskState.TASK_STATE_REJECTED, "preparing", reason, now)
        : move(task, TaskState.TASK_STATE_FAILED, "preparing", reason, now);
  }

  private static WorkerTask started(WorkerTask task, TaskEvent.Started started, Instant now) {
    // One with a health check runs only when that says so.
    var check = task.healthCheck();
    var moved =
        check == null
            ? move(task, TaskState.TASK_STATE_RUNNING, "started", "", now)
            : moveIfLater(task, TaskState.TASK_STATE_STARTING, "starting", now);
    var status =
        moved.status().toBuilder()
            .setContainerStatus(
                ContainerStatus.newBuilder().setContainerId(task.id()).setPid(started.pid()))
            .clearPorts()
            .addAllPorts(started.ports());
    if (check != null) {
      status.setHealth(TaskHealth.starting(check, now).status(check));
    }
    return moved.withStatus(status.build());
  }

  /// What a probe said becomes the task's status; what follows from that is for [#proceed].
  private static WorkerTask probed(WorkerTask task, boolean healthy, String output, Instant now) {
    var check = task.healthCheck();
    var health = task.health();
    if (check == null || health == null || !health.probing()) {
      return task;
    }
    var next = health.probed(check, healthy, cut(output), now);
    if (!task.isStarted() || task.isUnwanted() || task.operation() != Operation.NONE) {
      // It is being stopped: what it says of itself no longer counts.
      return task.withHealth(next);
    }
    var runs = healthy ? moveIfLater(task, TaskState.TASK_STATE_RUNNING, "started", now) : task;
    var status =
        runs.status().toBuilder()
            .setHealth(next.status(check))
            .setErr(cut(next.problem(check)))
            .build();
    return runs.withStatus(status).withHealth(next);
  }

  /// Nothing of the task runs any more: how it ended decides the terminal state.
  private static WorkerTask ended(WorkerTask task, TaskEvent.Exited exit, Instant now) {
    var withCode =
        task.withStatus(
            task.status().toBuilder()
                .setContainerStatus(
                    task.status().getContainerStatus().toBuilder().setExitCode(exit.code()))
                .build());
    if (task.isUnwanted()) {
      return move(withCode, TaskState.TASK_STATE_SHUTDOWN, "shutdown", "", now);
    }
    if (task.isUnhealthy()) {
      var health = task.status().getHealth();
      var reason =
          "unhealthy: the health check failed %d times in a row: %s"
              .formatted(health.getFailingStreak(), health.getOutput());
      return move(withCode, TaskState.TASK_STATE_FAILED, "unhealthy", reason, now);
    }
    return exit.code() == 0
        ? move(withCode, TaskState.TASK_STATE_COMPLETE, "finished", "", now)
        : move(withCode, TaskState.TASK_STATE_FAILED, "started", exit.reason(), now);
  }

  private static WorkerTask retryLater(WorkerTask task, String reason, Instant now) {
    var noted = task.status().toBuilder().setErr(cut(reason)).build();
    return task.withOperation(Operation.NONE).withStatus(noted).withDue(now.plus(RETRY_DELAY));
  }

  /// Starts what the task needs next, if it needs anything and nothing is under way.
  static Step settle(WorkerTask task, Instant now) {
    var effects = new ArrayList<TaskEffect>(2);
    var settled = task;
    while (true) {
      var next = proceed(settled, effects, now);
      if (next == null) {
        return new Step(settled, List.copyOf(effects));
      }
      settled = next;
    }
  }

  /// The task one step further, or null when nothing is to be done now.
  private static @Nullable WorkerTask proceed(
      WorkerTask task, List<TaskEffect> effects, Instant now) {
    if (task.operation() != Operation.NONE) {
      return null;
    }
    if (TaskStates.isTerminal(task.state())) {
      return clean(task, effects, now);
    }
    if (task.isUnwanted()) {
      return shutDown(task, effects, now);
    }
    if (task.isUnhealthy()) {
      // The mesh sends it nothing any more: the managers were told by its status.
      return stop(task, effects, now);
    }
    return switch (task.state()) {
      case TASK_STATE_ACCEPTED -> move(task, TaskState.TASK_STATE_PREPARING, "preparing", "", now);
      case TASK_STATE_PREPARING -> {
        effects.add(TaskEffect.PREPARE);
        yield task.withOperation(Operation.PREPARE).withHeld(true);
      }
      case TASK_STATE_READY ->
          TaskStates.isBefore(task.desired(), TaskState.TASK_STATE_RUNNING)
              ? null
              : move(task, TaskState.TASK_STATE_STARTING, "starting", "", now);
      case TASK_STATE_STARTING -> {
        if (task.isStarted()) {
          yield watch(task, effects, now);
        }
        effects.add(TaskEffect.START);
        yield task.withOperation(Operation.START).withHeld(true);
      }
      case TASK_STATE_RUNNING -> watch(task, effects, now);
      default -> null;
    };
  }

  /// Probes the task's health when that is due.
  private static @Nullable WorkerTask watch(
      WorkerTask task, List<TaskEffect> effects, Instant now) {
    var check = task.healthCheck();
    var health = task.health();
    if (check == null) {
      return null;
    }
    if (health == null) {
      return task.withHealth(
          task.state() == TaskState.TASK_STATE_RUNNING
              ? TaskHealth.resumed(check, now)
              : TaskHealth.starting(check, now));
    }
    if (!health.isDue(now)) {
      return null;
    }
    effects.add(TaskEffect.PROBE);
    return task.withHealth(health.begun());
  }

  private static @Nullable WorkerTask shutDown(
      WorkerTask task, List<TaskEffect> effects, Instant now) {
    if (!task.isStarted()) {
      return move(task, TaskState.TASK_STATE_SHUTDOWN, "shutdown", "", now);
    }
    if (!task.drained()) {
      // No mesh has a task that is still starting.
      if (task.gone() || !task.isPublished() || task.state() == TaskState.TASK_STATE_STARTING) {
        return task.withDrained();
      }
      if (task.due() == null) {
        return task.withDue(now.plus(task.stopGrace()));
      }
      return isDue(task, now) ? task.withDrained() : null;
    }
    return stop(task, effects, now);
  }

  private static @Nullable WorkerTask stop(WorkerTask task, List<TaskEffect> effects, Instant now) {
    if (!isDue(task, now)) {
      return null;
    }
    effects.add(TaskEffect.STOP);
    return task.withOperation(Operation.STOP);
  }

  private static @Nullable WorkerTask clean(
      WorkerTask task, List<TaskEffect> effects, Instant now) {
    var forget = task.gone() || task.desired() == TaskState.TASK_STATE_REMOVE;
    if (!task.held() || !forget || !isDue(task, now)) {
      return null;
    }
    effects.add(TaskEffect.REMOVE);
    return task.withOperation(Operation.REMOVE);
  }

  private static boolean isDue(WorkerTask task, Instant now) {
    var due = task.due();
    return due == null || !now.isBefore(due);
  }

  private static WorkerTask moveIfLater(
      WorkerTask task, TaskState to, String message, Instant now) {
    return TaskStates.isBefore(task.state(), to) ? move(task, to, message, "", now) : task;
  }

  private static WorkerTask move(
      WorkerTask task, TaskState to, String message, @Nullable String err, Instant now) {
    return task.withStatus(status(task, to, message, err, now));
  }

  private static TaskStatus status(
      WorkerTask task, TaskState to, String message, @Nullable String err, Instant now) {
    if (!TaskStates.mayMove(task.state(), to)) {
      throw new IllegalStateException(
          "task %s can't move from %s to %s".formatted(task.id(), task.state(), to));
    }
    return task.status().toBuilder()
        .setState(to)
        .setMessage(cut(message))
        .setErr(err == null ? "" : cut(err))
        .setTimestamp(timestamp(now))
        .build();
  }

  private static String cut(String text) {
    return text.length() <= TEXT_LENGTH_MAX ? text : text.substring(0, TEXT_LENGTH_MAX - 1) + "…";
  }

  static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }
}
