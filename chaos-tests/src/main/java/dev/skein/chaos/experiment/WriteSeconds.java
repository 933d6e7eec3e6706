package dev.skein.chaos.experiment;

import dev.skein.chaos.experiment.RunRecord.Second;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// What writes were like, second by second. Pure.
final class WriteSeconds {

  private static final double NANOS_PER_MILLI = 1e6;

  private WriteSeconds() {}

  /// A second for each from the first write to the last.
  ///
  /// @param begin monotonic nanoseconds of the run's beginning
  static List<Second> of(List<Operation> operations, long begin) {
    var bySecond = new TreeMap<Integer, List<Operation>>();
    for (var operation : operations) {
      if (operation.kind().mutates()) {
        var second = (int) Math.floorDiv(operation.invokedNanos() - begin, 1_000_000_000L);
        bySecond.computeIfAbsent(second, key -> new ArrayList<>()).add(operation);
      }
    }
    if (bySecond.isEmpty()) {
      return List.of();
    }
    return IntStream.rangeClosed(bySecond.firstKey(), bySecond.lastKey())
        .mapToObj(second -> second(second, bySecond.getOrDefault(second, List.of())))
        .toList();
  }

  private static Second second(int number, List<Operation> writes) {
    var took =
        writes.stream()
            .filter(write -> write.outcome() == Outcome.DONE)
            .map(write -> write.returnedNanos() - write.invokedNanos())
            .sorted()
            .toList();
    return new Second(
        number,
        took.size(),
        (int) writes.stream().filter(Operation::isPossibleChange).count(),
        Percentile.of(took, 50) / NANOS_PER_MILLI,
        Percentile.of(took, 99) / NANOS_PER_MILLI);
  }
}
