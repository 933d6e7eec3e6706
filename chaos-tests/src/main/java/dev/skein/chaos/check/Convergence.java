package dev.skein.chaos.check;

import java.util.ArrayList;
import java.util.Map;

/// Whether what runs is what is wanted: of every service as many tasks run, and shall, as are
/// desired, and none runs that shall not. To be asked again until it holds, or its time is over.
public final class Convergence {
  /// Its name in verdicts.
  public static final String CHECK = "converged";

  private Convergence() {}

  /// Checks one glimpse.
  public static Verdict check(Glimpse glimpse) {
    var wrong = new ArrayList<String>();
    var running = 0L;
    for (var service : glimpse.services()) {
      var tasks =
          glimpse.tasks().stream().filter(task -> task.service().equals(service.id())).toList();
      var good = tasks.stream().filter(task -> task.isWanted() && task.runs()).count();
      running += good;
      if (good != service.desired()) {
        wrong.add("%s: %d of %d run".formatted(service.name(), good, service.desired()));
      }
      for (var task : tasks) {
        // A wanted task that failed or completed is history: its replacement is counted.
        if (task.runs() != task.isWanted() && (task.runs() || !task.hasEnded())) {
          wrong.add(
              "%s: task %s of %s on %s is %s and shall be %s"
                  .formatted(
                      service.name(),
                      task.id(),
                      task.place(),
                      task.node(),
                      task.state(),
                      task.desired()));
        }
      }
    }
    return wrong.isEmpty()
        ? new Verdict.Held(
            CHECK, Map.of("services", (long) glimpse.services().size(), "tasks", running))
        : new Verdict.Violated(CHECK, "what runs is not what is wanted", wrong);
  }
}
