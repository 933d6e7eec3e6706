package dev.skein.manager.restart;

import dev.skein.manager.plan.Slot;
import dev.skein.manager.plan.TaskFactory;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import java.time.Instant;

/// Makes the tasks that take the place of others without an update.
final class Successors {
  private final TaskFactory tasks;

  Successors(TaskFactory tasks) {
    this.tasks = tasks;
  }

  /// The slot stays on its revision: moving it to another is the update planner's, which may have
  /// stopped for a reason.
  Task.Builder of(Task task, Slot slot, ServiceRevisions service, TaskState desired, Instant now) {
    var version = service.has(task) ? task.getSpecVersion() : service.service().getSpecVersion();
    var successor = tasks.create(service.service(), slot, version, desired, now);
    successor.setRestarts(task.getRestarts()).setRestartStreak(task.getRestartStreak());
    if (task.hasRestartWindowStart()) {
      successor.setRestartWindowStart(task.getRestartWindowStart());
    }
    return successor;
  }
}
