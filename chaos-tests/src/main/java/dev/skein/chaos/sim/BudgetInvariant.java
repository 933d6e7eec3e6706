package dev.skein.chaos.sim;

import static dev.skein.chaos.sim.CommitInvariants.require;

import dev.skein.manager.plan.DisruptionBudget;
import dev.skein.manager.plan.Lineage;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.schedule.Requirements;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.ObjectChange;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.TreeMap;
import java.util.TreeSet;

/// Updates and drains together never have more of a service down than its budget. It remembers
/// which replicas were stopped though they ran, until another runs in their place.
final class BudgetInvariant {
  /// Leaders' clocks differ by up to this.
  private static final Duration CLOCK_SKEW = Duration.ofSeconds(5);

  private final TreeMap<String, TreeSet<Slot>> down = new TreeMap<>();

  void check(Commit commit, Instant now) {
    for (var change : commit.changes()) {
      if (change instanceof ObjectChange.OfTask(var before, var after)
          && before != null
          && after != null
          && isTakenDown(before, after, commit, now)) {
        down.computeIfAbsent(after.getServiceId(), id -> new TreeSet<>()).add(Slot.of(after));
      }
    }
    for (var each : down.entrySet()) {
      each.getValue().removeIf(slot -> !isDown(slot, commit.after()));
      var service = commit.after().service(each.getKey());
      if (service != null && service.getSpec().hasMaxUnavailable()) {
        require(
            each.getValue().size() <= service.getSpec().getMaxUnavailable(),
            "service %s had %s taken down at once, more than %d",
            service.getSpec().getName(),
            each.getValue(),
            service.getSpec().getMaxUnavailable());
      }
    }
  }

  private static boolean isTakenDown(Task before, Task after, Commit commit, Instant now) {
    var service = commit.before().service(after.getServiceId());
    var node = commit.before().node(before.getNodeId());
    return service != null
        && Defaults.isReplicated(service.getSpec())
        && node != null
        && after.getDesiredState() == TaskState.TASK_STATE_SHUTDOWN
        && DisruptionBudget.isAvailable(before, commit.before())
        && DisruptionBudget.isAvailable(before, commit.after())
        // What began to run while the plan was made was not yet a replica to the planner.
        && Times.instant(before.getRunningSince()).plus(CommitInvariants.RACE).isBefore(now)
        // Nor were those of a node that was down by then and has come back since.
        && Times.instant(node.getStatus().getSince()).plus(CommitInvariants.RACE).isBefore(now)
        && !deadlineIsOver(node, service, now);
  }

  private static boolean deadlineIsOver(Node node, Service service, Instant now) {
    if (Requirements.isDrained(node)) {
      var deadline =
          Times.instant(node.getDrainStartedAt()).plus(Defaults.drainDeadline(node.getSpec()));
      return !now.plus(CLOCK_SKEW).isBefore(deadline);
    }
    var latest = Math.max(node.getUpdatedAt().getSeconds(), service.getUpdatedAt().getSeconds());
    return !now.plus(CLOCK_SKEW)
        .isBefore(Instant.ofEpochSecond(latest).plus(Defaults.DRAIN_DEADLINE));
  }

  private static boolean isDown(Slot slot, ClusterState state) {
    var filling = Lineage.of(state, slot).filling();
    return filling.stream().anyMatch(task -> !TaskStates.isTerminal(task.getStatus().getState()))
        && filling.stream().noneMatch(task -> DisruptionBudget.isAvailable(task, state));
  }
}
