package dev.skein.chaos.sim;

import static dev.skein.chaos.sim.CommitInvariants.require;

import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.restart.RestartDecision;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.Defaults;
import dev.skein.state.ObjectChange;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import java.util.Set;
import java.util.TreeSet;

/// A job never runs again, within one iteration, what it has completed, and never more at once than
/// it may.
final class JobInvariants {
  private JobInvariants() {}

  static void check(Commit commit) {
    for (var change : commit.changes()) {
      if (change instanceof ObjectChange.OfTask(var before, var after)
          && before == null
          && after != null) {
        var job = commit.after().service(after.getServiceId());
        if (job != null && Jobs.isJob(job) && Jobs.goesOn(job, after)) {
          whatCompletedIsNotRunAgain(after, job, commit.before());
          noMoreRunThanMay(job, Jobs.iteration(after), commit.after());
        }
      }
    }
  }

  private static void whatCompletedIsNotRunAgain(Task task, Service job, ClusterState before) {
    for (var other : Slot.of(task).tasks(before)) {
      // What completed while the plan was made is no fault of the planner.
      var known =
          Times.instant(other.getUpdatedAt())
              .plus(CommitInvariants.RACE)
              .isBefore(Times.instant(task.getCreatedAt()));
      require(
          !(Jobs.isComplete(other)
              && TaskStates.wantsToRun(other)
              && Jobs.iteration(other) == Jobs.iteration(task)
              && known),
          "task %s runs again what task %s of job %s has completed",
          task.getId(),
          other.getId(),
          job.getSpec().getName());
    }
  }

  private static void noMoreRunThanMay(Service job, long iteration, ClusterState state) {
    if (!job.getSpec().getMode().hasReplicatedJob()) {
      return;
    }
    var active = slots(job, iteration, state, true);
    require(
        active.size() <= Defaults.maxConcurrent(job.getSpec()),
        "job %s has slots %s active at once, more than %d",
        job.getSpec().getName(),
        active,
        Defaults.maxConcurrent(job.getSpec()));
  }

  /// What holds of a job when the planners have nothing left to do: of its present run, and that
  /// nothing goes on of any run that shall not.
  static void runsAsManyAsItMay(Service job, ClusterState state) {
    for (var task : state.tasksOfService(job.getId())) {
      require(
          !TaskStates.wantsToRun(task) || Jobs.goesOn(job, task),
          "task %s of iteration %d of job %s is desired %s, though that run does not go on",
          task.getId(),
          Jobs.iteration(task),
          job.getSpec().getName(),
          task.getDesiredState());
    }
    if (job.getJobStatus().getWaiting()) {
      return;
    }
    var iteration = Jobs.iteration(job);
    var filled = slots(job, iteration, state, false);
    var total = Defaults.totalCompletions(job.getSpec());
    require(
        filled.size() == total
            || (filled.size() < total
                && slots(job, iteration, state, true).size()
                    >= Defaults.maxConcurrent(job.getSpec())),
        "job %s has slots %s, of which %s are active; %d shall complete, %d at once",
        job.getSpec().getName(),
        filled,
        slots(job, iteration, state, true),
        total,
        Defaults.maxConcurrent(job.getSpec()));
  }

  private static Set<Integer> slots(
      Service job, long iteration, ClusterState state, boolean activeOnly) {
    var slots = new TreeSet<Integer>();
    for (var task : state.tasksOfService(job.getId())) {
      if (TaskStates.wantsToRun(task)
          && Jobs.iteration(task) == iteration
          && !(activeOnly && isOver(task, job))) {
        slots.add(task.getSlot());
      }
    }
    return slots;
  }

  /// One that ended and is to be tried again keeps its place while it waits for its delay.
  private static boolean isOver(Task task, Service job) {
    var policy =
        Defaults.restartPolicy(
            job.getSpec(), new ServiceRevisions(job).of(task).getTask().getRestartPolicy());
    return TaskStates.isTerminal(task.getStatus().getState())
        && RestartDecision.of(task, policy) instanceof RestartDecision.Stay;
  }
}
