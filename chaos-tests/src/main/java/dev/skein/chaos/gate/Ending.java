package dev.skein.chaos.gate;

import dev.skein.chaos.check.IndexOrder;
import dev.skein.chaos.check.KeptWrites;
import dev.skein.chaos.check.Linearizability;
import dev.skein.chaos.check.SlotUniqueness;
import dev.skein.chaos.sabotage.Defect;
import java.util.List;
import java.util.Optional;

/// How the gate ends.
///
/// @param code of the process
/// @param leftOut what could not be done here, in a line
/// @param last the last line of its output
record Ending(int code, Optional<String> leftOut, String last) {
  /// Everything was done, everything held, every defect was caught.
  static final int PASSED = 0;

  /// Something was violated, could not be found out, or was not caught.
  static final int FAILED = 1;

  /// What was done passed, and not everything could be done here.
  static final int LEFT_OUT = 3;

  static Ending of(Gate.Result result, Controls controls) {
    var matrix = result.matrix();
    var faults = matrix.skipped();
    var defects = controls.skipped().stream().map(Defect::label).toList();
    var complete = faults.isEmpty() && defects.isEmpty();
    var good = result.passed() && controls.missed().isEmpty();
    var last =
        ("faults=%d acked=%d lost=%d nonlinearizable=%d duplicate_slots=%d"
                + " sabotage_caught=%d/%d max_write_gap_ms=%d")
            .formatted(
                matrix.faults(),
                result.acknowledged(),
                result.broken(KeptWrites.CHECK),
                result.broken(Linearizability.CHECK, IndexOrder.CHECK),
                result.broken(SlotUniqueness.CHECK),
                controls.caught().size(),
                controls.count(),
                matrix.worstGap().toMillis());
    return new Ending(
        good ? complete ? PASSED : LEFT_OUT : FAILED,
        complete ? Optional.empty() : Optional.of(leftOut(faults, defects)),
        last);
  }

  private static String leftOut(List<String> faults, List<String> defects) {
    return "left out here: %d faults %s, %d sabotages %s"
        .formatted(faults.size(), faults, defects.size(), defects);
  }
}
