package dev.skein.worker.agent;

import com.google.protobuf.Duration;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.HealthState;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One task as this node knows it.
///
/// @param assignment what the managers sent last, always with the spec where they ever sent one
/// @param status what the agent observed last; its state only moves forward
/// @param desired the latest state that the managers wanted; only moves forward
/// @param operation what is being done for it now, if anything
/// @param held whether the node may hold something for it that has to be removed: files, ports,
///     processes
/// @param drained whether it may be signalled: every mesh has let go of it
/// @param due when to act without a further event: the end of the wait for the mesh, or the next
///     try of an operation that failed
/// @param gone whether the managers no longer have it
/// @param health where it stands with its health check; null while nobody watches
public record WorkerTask(
    AssignedTask assignment,
    TaskStatus status,
    TaskState desired,
    Operation operation,
    boolean held,
    boolean drained,
    @Nullable Instant due,
    boolean gone,
    @Nullable TaskHealth health) {

  /// Used where the spec names no stop grace period, as Docker has it.
  public static final java.time.Duration STOP_GRACE_DEFAULT = java.time.Duration.ofSeconds(10);

  /// What is being done for a task; one thing at a time.
  public enum Operation {
    NONE,
    PREPARE,
    START,
    STOP,
    REMOVE
  }

  /// A task for which nothing is being done, though the node may hold something for it.
  static WorkerTask idle(AssignedTask assignment, TaskStatus status, TaskState desired) {
    return new WorkerTask(
        assignment, status, desired, Operation.NONE, true, false, null, false, null);
  }

  public String id() {
    return assignment.getTask().getId();
  }

  public TaskState state() {
    return status.getState();
  }

  public TaskSpec spec() {
    return assignment.getSpec();
  }

  /// How long a stop signal may take before the rest is killed; also bounds the wait for the mesh.
  public java.time.Duration stopGrace() {
    var container = spec().getContainerSpec();
    if (!container.hasStopGracePeriod()) {
      return STOP_GRACE_DEFAULT;
    }
    Duration grace = container.getStopGracePeriod();
    return java.time.Duration.ofSeconds(grace.getSeconds(), grace.getNanos());
  }

  /// The health check that decides when it runs and whether it may go on; null when it has none.
  @Nullable HealthCheck healthCheck() {
    return HealthCheck.of(spec().getContainerSpec());
  }

  /// Whether its process was started: it is up, or on its way there.
  boolean isStarted() {
    return state() == TaskState.TASK_STATE_RUNNING
        || (state() == TaskState.TASK_STATE_STARTING && status.hasContainerStatus());
  }

  /// Whether its health check has given it up.
  boolean isUnhealthy() {
    return status.getHealth().getStatus() == HealthState.HEALTH_STATE_UNHEALTHY;
  }

  /// When something is to be done without a further event; null for never.
  @Nullable Instant wakeAt() {
    var probeAt =
        health == null
                || health.probing()
                || operation != Operation.NONE
                || !isStarted()
                || isUnwanted()
                || isUnhealthy()
            ? null
            : health.probeAt();
    return due == null || (probeAt != null && probeAt.isBefore(due)) ? probeAt : due;
  }

  /// Whether the mesh may send connections to this task.
  public boolean isPublished() {
    return assignment.getPortsList().stream()
        .anyMatch(port -> port.getPublishMode() != PublishMode.PUBLISH_MODE_HOST);
  }

  /// Whether nothing of it needs to be known any more.
  public boolean isForgotten() {
    return gone && !held && TaskStates.isTerminal(state());
  }

  /// Whether it is wanted no longer.
  public boolean isUnwanted() {
    return gone || TaskStates.isBefore(TaskState.TASK_STATE_RUNNING, desired);
  }

  WorkerTask withAssignment(AssignedTask newer) {
    return new WorkerTask(newer, status, desired, operation, held, drained, due, gone, health);
  }

  WorkerTask withStatus(TaskStatus newer) {
    return new WorkerTask(assignment, newer, desired, operation, held, drained, due, gone, health);
  }

  WorkerTask withDesired(TaskState newer) {
    return new WorkerTask(assignment, status, newer, operation, held, drained, due, gone, health);
  }

  WorkerTask withOperation(Operation newer) {
    return new WorkerTask(assignment, status, desired, newer, held, drained, null, gone, health);
  }

  WorkerTask withHeld(boolean newer) {
    return new WorkerTask(
        assignment, status, desired, operation, newer, drained, due, gone, health);
  }

  WorkerTask withDrained() {
    return new WorkerTask(assignment, status, desired, operation, held, true, null, gone, health);
  }

  WorkerTask withDue(Instant newer) {
    return new WorkerTask(
        assignment, status, desired, operation, held, drained, newer, gone, health);
  }

  WorkerTask withHealth(@Nullable TaskHealth newer) {
    return new WorkerTask(assignment, status, desired, operation, held, drained, due, gone, newer);
  }

  WorkerTask withGone() {
    return new WorkerTask(assignment, status, desired, operation, held, drained, due, true, health);
  }
}
