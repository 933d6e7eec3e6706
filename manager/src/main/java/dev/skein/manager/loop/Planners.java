package dev.skein.manager.loop;

import dev.skein.manager.allocate.AllocatePlanner;
import dev.skein.manager.plan.Planner;
import dev.skein.manager.plan.TaskFactory;
import dev.skein.manager.reap.ReapPlanner;
import dev.skein.manager.rearrange.RearrangePlanner;
import dev.skein.manager.reconcile.ReconcilePlanner;
import dev.skein.manager.reconcile.RunPlanner;
import dev.skein.manager.restart.EvictPlanner;
import dev.skein.manager.restart.RestartPlanner;
import dev.skein.manager.schedule.SchedulePlanner;
import dev.skein.manager.update.UpdatePlanner;
import dev.skein.state.IdSource;
import java.util.List;

/// The planners in the order in which they run.
public final class Planners {
  private Planners() {}

  /// New ones, for one [ControlCore] or [ControlLoop].
  ///
  /// @param ids for the tasks that they create
  public static List<Planner> create(IdSource ids) {
    var tasks = new TaskFactory(ids);
    return List.of(
        new AllocatePlanner(),
        new RunPlanner(),
        new ReconcilePlanner(tasks),
        new RearrangePlanner(tasks, ids),
        new RestartPlanner(tasks),
        new EvictPlanner(tasks),
        new UpdatePlanner(tasks),
        new SchedulePlanner(),
        new ReapPlanner());
  }
}
