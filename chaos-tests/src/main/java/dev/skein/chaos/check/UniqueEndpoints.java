package dev.skein.chaos.check;

import dev.skein.chaos.check.Glimpse.TaskView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Whether no two running tasks that shall run had one address, or one port of a host, at any
/// moment that was looked at. One thread.
public final class UniqueEndpoints {
  /// Its name in verdicts.
  public static final String CHECK = "endpoints-unique";

  private Verdict.@Nullable Violated violation;
  private long glimpses;
  private long endpoints;

  /// Looks once.
  public void observe(Glimpse glimpse) {
    glimpses++;
    Map<String, TaskView> holders = new HashMap<>();
    for (var task : glimpse.tasks()) {
      if (!task.isWanted() || !task.runs()) {
        continue;
      }
      for (var endpoint : task.endpoints()) {
        endpoints++;
        var other = holders.put(endpoint, task);
        if (other != null && violation == null) {
          violation =
              new Verdict.Violated(
                  CHECK, endpoint + " is two tasks'", List.of(other.toString(), task.toString()));
        }
      }
    }
  }

  /// What was found so far.
  public Verdict verdict() {
    if (violation != null) {
      return violation;
    }
    if (endpoints == 0) {
      return new Verdict.Undecided(
          CHECK,
          glimpses == 0 ? "nobody looked" : "none of the tasks that were seen had an endpoint");
    }
    return new Verdict.Held(CHECK, Map.of("glimpses", glimpses, "endpoints", endpoints));
  }
}
