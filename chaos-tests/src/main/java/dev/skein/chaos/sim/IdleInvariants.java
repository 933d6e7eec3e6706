package dev.skein.chaos.sim;

import static dev.skein.chaos.sim.CommitInvariants.require;

import dev.skein.manager.loop.ControlCore;
import dev.skein.manager.plan.Dirty;
import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.Service;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.Mode;
import dev.skein.state.TaskStates;
import java.time.Instant;
import java.util.List;
import java.util.TreeSet;

/// What holds whenever the planners have nothing left to do. Each service is looked at when it, a
/// task of it or, where it has one on each, a node has changed since it was last found to be well.
final class IdleInvariants {
  private Dirty changed = new Dirty();

  /// Takes note of what was committed.
  void committed(Commit commit) {
    commit.changes().forEach(changed::mark);
  }

  void check(ClusterState state) {
    var ids = new TreeSet<>(changed.services());
    changed.slots().forEach(slot -> ids.add(slot.serviceId()));
    for (var service : state.services().values()) {
      if (ids.contains(service.getId())
          || (!changed.nodes().isEmpty() && Mode.of(service.getSpec()).isPerNode())) {
        check(service, state);
      }
    }
    changed = new Dirty();
  }

  private static void check(Service service, ClusterState state) {
    if (service.getPendingDelete()) {
      for (var task : state.tasksOfService(service.getId())) {
        require(
            !TaskStates.wantsToRun(task),
            "task %s of a service being removed is desired %s",
            task.getId(),
            task.getDesiredState());
      }
    } else {
      switch (Mode.of(service.getSpec())) {
        case REPLICATED -> filledAsAskedFor(service, state);
        case REPLICATED_JOB -> JobInvariants.runsAsManyAsItMay(service, state);
        case GLOBAL, GLOBAL_JOB -> filledOnEligibleNodes(service, state);
      }
    }
  }

  private static void filledAsAskedFor(Service service, ClusterState state) {
    var filled = new TreeSet<Integer>();
    for (var task : state.tasksOfService(service.getId())) {
      if (TaskStates.wantsToRun(task)) {
        filled.add(task.getSlot());
      }
    }
    require(
        filled.size() == Defaults.replicas(service.getSpec()),
        "service %s has slots %s, %d replicas asked for",
        service.getSpec().getName(),
        filled,
        Defaults.replicas(service.getSpec()));
  }

  private static void filledOnEligibleNodes(Service service, ClusterState state) {
    if (service.getJobStatus().getWaiting()) {
      return;
    }
    var requirements = new ServiceRevisions(service).currentRequirements();
    for (var node : state.nodes().values()) {
      if (requirements.refusalOf(node) == null) {
        require(
            !Lineage.of(
                    state,
                    Slot.ofNode(service.getId(), node.getId()).inIteration(Jobs.iteration(service)))
                .filling()
                .isEmpty(),
            "global service %s has no task on node %s",
            service.getSpec().getName(),
            node.getId());
      }
    }
  }

  /// Planners look at what changed; had they looked at everything, they would find nothing more.
  static void checkAgainstFreshLook(
      ClusterState state, ControlCore core, List<Planner> fresh, Instant clock) {
    var other = new ControlCore(fresh, state);
    for (var set : other.plan(core.time(clock))) {
      for (var change : set.getChangesList()) {
        require(
            isExplanation(change, state),
            "a leader that looked at everything would do more: %s",
            change);
      }
    }
    other
        .alarms()
        .forEach(
            (key, at) -> {
              var known = core.alarms().get(key);
              require(
                  known != null && !known.isAfter(at),
                  "a leader that looked at everything would look at %s again at %s, this one at %s",
                  key,
                  at,
                  known);
            });
  }

  /// Why a task waits may be told better by now; that it waits is what counts.
  private static boolean isExplanation(Change change, ClusterState state) {
    var task = state.task(change.getTaskStatus().getTaskId());
    return task != null
        && change.hasTaskStatus()
        && change.getTaskStatus().getStatus().getState() == task.getStatus().getState();
  }
}
