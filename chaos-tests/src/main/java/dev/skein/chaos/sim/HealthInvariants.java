package dev.skein.chaos.sim;

import static dev.skein.chaos.sim.CommitInvariants.require;

import dev.skein.manager.plan.Slot;
import dev.skein.manager.restart.RestartDecision;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.ObjectChange;
import dev.skein.state.Revisions;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.time.Duration;
import java.util.HashMap;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/// What holds of health checks, of a restart's back-off and of generic resources after every
/// commit.
final class HealthInvariants {
  /// A plan may be this much older than its commit.
  private static final Duration RACE = Duration.ofSeconds(2);

  private HealthInvariants() {}

  /// @param wasHealthy whether a probe on a node has ever found a task's process healthy
  static void check(Commit commit, BiPredicate<String, String> wasHealthy) {
    for (var change : commit.changes()) {
      if (change instanceof ObjectChange.OfTask(var before, var task) && task != null) {
        if (isRunning(task) && !isRunning(before)) {
          runsOnlyWhenHealthy(task, commit.after(), wasHealthy);
        }
        if (before == null) {
          backsOff(task, commit);
        }
        if (task.getStatus().getState() == TaskState.TASK_STATE_ASSIGNED) {
          genericResourcesAreGivenOnce(task, commit.after());
        }
      }
    }
  }

  private static boolean isRunning(@Nullable Task task) {
    return task != null && task.getStatus().getState() == TaskState.TASK_STATE_RUNNING;
  }

  private static void runsOnlyWhenHealthy(
      Task task, ClusterState state, BiPredicate<String, String> wasHealthy) {
    var service = state.service(task.getServiceId());
    var revision = service == null ? null : Revisions.find(service, task.getSpecVersion());
    require(
        revision == null
            || !Defaults.hasHealthcheck(revision.getTask().getContainerSpec())
            || wasHealthy.test(task.getNodeId(), task.getId()),
        "task %s is RUNNING though no probe ever found it healthy",
        task.getId());
  }

  /// A replacement of a task that did not run stably waits longer than that one did.
  private static void backsOff(Task task, Commit commit) {
    var service = commit.after().service(task.getServiceId());
    var revision = service == null ? null : Revisions.find(service, task.getSpecVersion());
    var predecessor = predecessor(task, commit);
    if (revision == null
        || predecessor == null
        || predecessor.getSpecVersion() != task.getSpecVersion()
        || task.getRestarts() != predecessor.getRestarts() + 1) {
      return;
    }
    var policy = revision.getTask().getRestartPolicy();
    if (!policy.hasMaxDelay() || ranFor(predecessor).compareTo(longest(policy)) >= 0) {
      return;
    }
    require(
        task.getRestartStreak() == predecessor.getRestartStreak() + 1,
        "task %s is restart %d in a row, after number %d",
        task.getId(),
        task.getRestartStreak(),
        predecessor.getRestartStreak());
    var waits =
        task.hasStartAfter()
            ? Duration.between(
                Times.instant(task.getCreatedAt()), Times.instant(task.getStartAfter()))
            : Duration.ZERO;
    var least = leastDelay(policy, task.getRestartStreak() - 1);
    require(
        waits.plus(RACE).compareTo(least) >= 0,
        "task %s, restart %d in a row, waits %s, less than %s",
        task.getId(),
        task.getRestartStreak(),
        waits,
        least);
  }

  /// The task of the slot that the same commit gave up; history may have lost it at once.
  private static @Nullable Task predecessor(Task task, Commit commit) {
    for (var change : commit.changes()) {
      if (change instanceof ObjectChange.OfTask(var before, var after)
          && before != null
          && Slot.of(before).equals(Slot.of(task))
          && TaskStates.wantsToRun(before)
          && (after == null || !TaskStates.wantsToRun(after))) {
        return before;
      }
    }
    return null;
  }

  private static Duration ranFor(Task ended) {
    return ended.hasRunningSince()
        ? Duration.between(
            Times.instant(ended.getRunningSince()), Times.instant(ended.getUpdatedAt()))
        : Duration.ZERO;
  }

  private static Duration longest(RestartPolicy policy) {
    return Times.duration(policy.getMaxDelay());
  }

  private static Duration leastDelay(RestartPolicy policy, int doublings) {
    var base = Defaults.restartDelay(policy);
    if (doublings == 0) {
      return base;
    }
    var first = base.isZero() ? RestartDecision.BACKOFF_FIRST : base;
    var grown = first.toMillis() * Math.pow(2, base.isZero() ? doublings - 1 : doublings);
    return Duration.ofMillis((long) Math.min(grown, (double) longest(policy).toMillis()));
  }

  private static void genericResourcesAreGivenOnce(Task assigned, ClusterState state) {
    var holders = new HashMap<String, String>();
    for (var task : state.tasksOfNode(assigned.getNodeId())) {
      if (TaskStates.isTerminal(task.getStatus().getState())) {
        continue;
      }
      for (var resource : task.getGenericResourcesList()) {
        var name = resource.getNamedResourceSpec().getValue();
        var holder = holders.put(name, task.getId());
        require(
            holder == null,
            "tasks %s and %s have %s of node %s",
            holder,
            task.getId(),
            name,
            task.getNodeId());
      }
    }
  }
}
