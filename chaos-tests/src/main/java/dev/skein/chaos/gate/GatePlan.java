package dev.skein.chaos.gate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.function.BooleanSupplier;

/// Which faults a run injects, in which order and for how long: a pure function of the seed.
///
/// @param steps one after the other
record GatePlan(List<Step> steps) {

  /// One injection.
  record Step(Row row, Duration hold, Map<String, String> options) {}

  /// The plan of a full or short run.
  static GatePlan of(List<Row> rows, boolean brief, long seed) {
    var random = new Random(seed);
    var steps = new ArrayList<Step>();
    for (var row : rows) {
      var count = brief ? row.shortCount() : row.count();
      for (var i = 0; i < count; i++) {
        var spread = row.holdMax().minus(row.holdMin()).toMillis();
        var hold = row.holdMin().plusMillis(spread == 0 ? 0 : random.nextLong(spread));
        steps.add(new Step(row, hold, row.variants().get(i % row.variants().size())));
      }
    }
    Collections.shuffle(steps, random);
    return new GatePlan(List.copyOf(steps));
  }

  /// The steps of a plan and then of those of the next seeds, until it shall not go on: asked
  /// before every step.
  ///
  /// @param rows at least one of which a plan has
  static Iterator<Step> stepsWhile(
      List<Row> rows, boolean brief, long firstSeed, BooleanSupplier goesOn) {
    return new Iterator<>() {
      private long seed = firstSeed;
      private Iterator<Step> steps = of(rows, brief, seed).steps().iterator();

      @Override
      public boolean hasNext() {
        return goesOn.getAsBoolean();
      }

      @Override
      public Step next() {
        if (!steps.hasNext()) {
          steps = of(rows, brief, ++seed).steps().iterator();
        }
        if (!steps.hasNext()) {
          throw new NoSuchElementException("a plan without steps");
        }
        return steps.next();
      }
    };
  }
}
