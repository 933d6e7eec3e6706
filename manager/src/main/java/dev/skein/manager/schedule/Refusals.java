package dev.skein.manager.schedule;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/// How many nodes each filter refused.
final class Refusals {
  private final String runtime;
  private final Map<Refusal, Integer> counts = new EnumMap<>(Refusal.class);

  /// @param runtime the one that was asked for
  Refusals(String runtime) {
    this.runtime = runtime;
  }

  void add(Refusal refusal) {
    counts.merge(refusal, 1, Integer::sum);
  }

  /// For users, the filter that refused most first: `no suitable node (insufficient resources on
  /// 2 nodes; 1 node not ready)`.
  String text() {
    if (counts.isEmpty()) {
      return "no suitable node";
    }
    return counts.entrySet().stream()
        .sorted(
            Map.Entry.<Refusal, Integer>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()))
        .map(entry -> entry.getKey().explain(entry.getValue(), runtime))
        .collect(Collectors.joining("; ", "no suitable node (", ")"));
  }
}
