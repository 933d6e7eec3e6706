package dev.skein.manager.plan;

import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Defaults;
import dev.skein.state.Mode;
import dev.skein.state.TaskStates;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/// How many more replicas of a service may be taken down on purpose now. Whoever takes replicas
/// down or moves them asks here first, so that together they stay within the service's
/// `max_unavailable`: what one of them has taken down, or what is down by itself, is missing for
/// all.
///
/// Read off the tasks alone, so that it holds over a change of leader. A replica is available
/// while a task of its slot runs and is to go on. A slot whose task ended and is not to be
/// replaced, and a global service's on a node that is down, is not waited for, so it counts
/// neither as available nor as missing.
///
/// Made for one planning call, on the state that the planners before have left; owned by its
/// thread.
public final class DisruptionBudget {
  private final long unavailableMax;
  private final long movesMax;
  private final Set<Slot> available = new HashSet<>();
  private long unavailable;
  private long moving;

  private DisruptionBudget(long unavailableMax, long movesMax) {
    this.unavailableMax = unavailableMax;
    this.movesMax = movesMax;
  }

  /// What the service's tasks leave of its budget.
  public static DisruptionBudget of(ClusterState state, Service service) {
    var spec = service.getSpec();
    var parallelism = Defaults.updateParallelism(spec.getUpdateConfig());
    var budget =
        new DisruptionBudget(
            spec.hasMaxUnavailable() ? spec.getMaxUnavailable() : Long.MAX_VALUE,
            parallelism == 0 ? Long.MAX_VALUE : parallelism);
    var slots = new TreeMap<Slot, List<Task>>();
    for (var task : state.tasksOfService(service.getId())) {
      if (TaskStates.wantsToRun(task)) {
        slots.computeIfAbsent(Slot.of(task), slot -> new ArrayList<>(1)).add(task);
      }
    }
    slots.forEach((slot, filling) -> budget.count(slot, filling, state));
    if (Mode.of(spec) == Mode.REPLICATED) {
      // Those that the reconciler has not made yet are missing too.
      budget.unavailable += Math.max(0, Defaults.replicas(spec) - slots.size());
    }
    return budget;
  }

  private void count(Slot slot, List<Task> filling, ClusterState state) {
    if (filling.size() > 1) {
      moving++;
    }
    if (filling.stream().anyMatch(task -> isAvailable(task, state))) {
      available.add(slot);
    } else if (filling.stream().anyMatch(task -> isMissing(slot, task, state))) {
      unavailable++;
    }
  }

  /// Whether the task serves as a replica.
  public static boolean isAvailable(Task task, ClusterState state) {
    return task.getStatus().getState() == TaskState.TASK_STATE_RUNNING
        && TaskStates.wantsToRun(task)
        && !Lineage.isLost(task, state);
  }

  private static boolean isMissing(Slot slot, Task task, ClusterState state) {
    return !TaskStates.isTerminal(task.getStatus().getState())
        && !(slot.isOfGlobalService() && Lineage.isLost(task, state));
  }

  /// How many more available replicas may be taken down: without limit when the service has none
  /// of its own.
  public long left() {
    return Math.max(0, unavailableMax - unavailable);
  }

  /// Takes a slot's replica down, if the budget has room for that. One that is not available
  /// anyway costs nothing.
  ///
  /// @return whether it may be taken down
  public boolean takeDown(Slot slot) {
    if (!available.contains(slot)) {
      return true;
    }
    if (left() == 0) {
      return false;
    }
    available.remove(slot);
    unavailable++;
    return true;
  }

  /// Moves a slot's replica to another node, if as many as may be are not yet on their way: the
  /// budget says so, or for a service that has none its update's parallelism.
  ///
  /// @param startFirst whether the replica stays until the one that takes its place runs, so that
  /// it is never missing; then the parallelism alone says how many
  /// @return whether it may be moved now
  public boolean move(Slot slot, boolean startFirst) {
    if (!available.contains(slot)) {
      return true;
    }
    if (startFirst || unavailableMax == Long.MAX_VALUE) {
      if (unavailable + moving >= movesMax) {
        return false;
      }
      if (startFirst) {
        moving++;
        return true;
      }
    }
    return takeDown(slot);
  }
}
