package dev.skein.worker.agent;

import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.PortConfig;
import java.util.List;

/// What can happen to one task of this node.
public sealed interface TaskEvent {

  /// The managers sent the task, new or changed.
  record Assigned(AssignedTask task) implements TaskEvent {}

  /// The managers no longer have the task: it is to be stopped and forgotten.
  record Unassigned() implements TaskEvent {}

  /// Every mesh has let go of the task (or the managers gave up waiting): it may be signalled.
  record Drained() implements TaskEvent {}

  /// What the task needs is in place.
  record Prepared() implements TaskEvent {}

  /// The task can't run here; `reason` is for the user.
  record PrepareFailed(String reason) implements TaskEvent {}

  /// Its process runs; `ports` are what the node assigned to it.
  record Started(int pid, List<PortConfig> ports) implements TaskEvent {}

  /// Its process could not be started; `reason` is for the user.
  record StartFailed(String reason) implements TaskEvent {}

  /// Nothing of it runs any more, whether it ended by itself or was stopped.
  ///
  /// @param reason what the exit code alone does not say, for the user; "" when there is nothing
  record Exited(int code, String reason) implements TaskEvent {}

  /// A probe of its health ended.
  ///
  /// @param output what it said, for the user; of a probe that passed it is not used
  record Probed(boolean healthy, String output) implements TaskEvent {}

  /// Stopping it did not work; it is tried again.
  record StopFailed(String reason) implements TaskEvent {}

  /// Nothing of it is left on this node.
  record Removed() implements TaskEvent {}

  /// Cleaning up did not work; it is tried again.
  record RemoveFailed(String reason) implements TaskEvent {}

  /// Time has passed.
  record Tick() implements TaskEvent {}
}
