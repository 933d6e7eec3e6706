package dev.skein.manager.rearrange;

import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Slot;
import dev.skein.proto.v1.Move;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.UpdateState;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.TaskStates;
import java.util.HashSet;

/// Which tasks may be moved: a running replica that is alone in its slot.
final class Movable {
  private Movable() {}

  /// Whether the service's replicas may be moved at all: those of global services have their place.
  static boolean isMovable(Service service) {
    return !service.getPendingDelete() && Defaults.isReplicated(service.getSpec());
  }

  /// Whether another node may take over from the task now.
  static boolean isMovable(Task task, ClusterState state) {
    if (task.getStatus().getState() != TaskState.TASK_STATE_RUNNING
        || !TaskStates.wantsToRun(task)
        || task.getSlot() == 0
        // Which of another node's it would get is the scheduler's to say.
        || task.getGenericResourcesCount() > 0
        || Lineage.isLost(task, state)) {
      return false;
    }
    var service = state.service(task.getServiceId());
    return service != null
        && isMovable(service)
        && Lineage.of(state, Slot.of(task)).filling().size() == 1;
  }

  /// Whether tasks are being replaced for another reason.
  static boolean isRolling(Service service) {
    var state = service.getUpdateStatus().getState();
    return state == UpdateState.UPDATE_STATE_UPDATING
        || state == UpdateState.UPDATE_STATE_CANARY
        || state == UpdateState.UPDATE_STATE_ROLLBACK_STARTED;
  }

  /// How many of the replicas asked for do not run.
  static long missing(Service service, ClusterState state) {
    var running = new HashSet<Integer>();
    for (var task : state.tasksOfService(service.getId())) {
      if (task.getStatus().getState() == TaskState.TASK_STATE_RUNNING
          && TaskStates.wantsToRun(task)
          && !Lineage.isLost(task, state)) {
        running.add(task.getSlot());
      }
    }
    return Math.max(0, Defaults.replicas(service.getSpec()) - running.size());
  }

  static Move move(Task task, String toNodeId) {
    return Move.newBuilder()
        .setTaskId(task.getId())
        .setServiceId(task.getServiceId())
        .setSlot(task.getSlot())
        .setFromNodeId(task.getNodeId())
        .setToNodeId(toNodeId)
        .build();
  }
}
