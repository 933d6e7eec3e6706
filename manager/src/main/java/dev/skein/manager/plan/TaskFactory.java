package dev.skein.manager.plan;

import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.proto.v1.Version;
import dev.skein.state.IdSource;
import dev.skein.state.Times;
import java.time.Instant;

/// Makes new tasks. As thread-safe as its id source.
public final class TaskFactory {
  private final IdSource ids;

  public TaskFactory(IdSource ids) {
    this.ids = ids;
  }

  /// A task of a slot, at a revision of its service.
  ///
  /// @param desired READY to prepare and wait, or RUNNING
  public Task.Builder create(
      Service service, Slot slot, long specVersion, TaskState desired, Instant now) {
    var allocated = Endpoints.isAllocated(service);
    var task = Task.newBuilder();
    if (Jobs.isJob(service)) {
      task.setJobIteration(Version.newBuilder().setIndex(slot.iteration()));
    }
    return task.setId(ids.next())
        .setServiceId(service.getId())
        .setSlot(slot.number())
        .setNodeId(slot.nodeId())
        .setSpecVersion(specVersion)
        .setDesiredState(desired)
        .setStatus(
            TaskStatus.newBuilder()
                .setTimestamp(Times.timestamp(now))
                .setState(allocated ? TaskState.TASK_STATE_PENDING : TaskState.TASK_STATE_NEW)
                .setMessage(allocated ? "pending task scheduling" : "created"));
  }
}
