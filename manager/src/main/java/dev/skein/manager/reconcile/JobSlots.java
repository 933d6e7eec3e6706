package dev.skein.manager.reconcile;

import dev.skein.manager.plan.Jobs;
import dev.skein.manager.plan.Slot;
import dev.skein.manager.restart.RestartDecision;
import dev.skein.manager.schedule.ServiceRevisions;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.Defaults;
import dev.skein.state.TaskStates;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The slots of an iteration of a replicated job: each is filled once, by tasks that replace one
/// another until one completes. A slot whose task failed for good stays filled.
final class JobSlots {
  private final String serviceId;
  private final long iteration;
  private final BitSet filled = new BitSet();
  private final BitSet active = new BitSet();

  /// @param tasks all of the job's, history included
  JobSlots(Service job, Iterable<Task> tasks, long iteration) {
    this.serviceId = job.getId();
    this.iteration = iteration;
    var revisions = new ServiceRevisions(job);
    for (var task : tasks) {
      if (TaskStates.wantsToRun(task) && Jobs.iteration(task) == iteration) {
        filled.set(task.getSlot());
        if (isActive(task, revisions)) {
          active.set(task.getSlot());
        }
      }
    }
  }

  /// Whether the task, or the one that is about to replace it, is not over.
  static boolean isActive(Task task, ServiceRevisions job) {
    var status = task.getStatus().getState();
    if (!TaskStates.isTerminal(status) || status == TaskState.TASK_STATE_ORPHANED) {
      return true;
    }
    var policy =
        Defaults.restartPolicy(job.service().getSpec(), job.of(task).getTask().getRestartPolicy());
    return RestartDecision.of(task, policy) instanceof RestartDecision.Replace;
  }

  /// Whether every completion that is asked for was tried, and nothing goes on.
  boolean isOver(long total) {
    return active.isEmpty() && filled.nextClearBit(1) > total;
  }

  /// The slots beyond the completions that are asked for.
  List<Slot> surplus(long total) {
    var surplus = new ArrayList<Slot>();
    for (var number = filled.length() - 1;
        number > total;
        number = filled.previousSetBit(number - 1)) {
      surplus.add(slot(number));
    }
    return surplus;
  }

  /// The slots to begin with now, lowest first: as many as may run beside those that do.
  List<Slot> next(long total, long maxConcurrent) {
    var next = new ArrayList<Slot>();
    // What is surplus is given up and so takes no other's place.
    var running = active.get(0, (int) Math.min(total, Integer.MAX_VALUE - 1) + 1).cardinality();
    for (var number = filled.nextClearBit(1);
        number <= total && running + next.size() < maxConcurrent;
        number = filled.nextClearBit(number + 1)) {
      next.add(slot(number));
    }
    return next;
  }

  private Slot slot(int number) {
    return Slot.numbered(serviceId, number).inIteration(iteration);
  }
}
