package dev.skein.chaos.sabotage;

import dev.skein.chaos.check.Verdict;
import java.time.Duration;
import java.util.List;

/// What the checkers said of a lab with a defect, or of the same lab without it.
///
/// @param expected the check that is to find the defect
/// @param verdicts of all checks
/// @param taken for all of it
public record Caught(Defect defect, String expected, List<Verdict> verdicts, Duration taken) {
  public Caught {
    verdicts = List.copyOf(verdicts);
  }

  /// Whether the check that is to find the defect did.
  public boolean isCaught() {
    return verdicts.stream()
        .anyMatch(
            verdict ->
                verdict instanceof Verdict.Violated violated && violated.check().equals(expected));
  }

  /// Whether all checks held, as they must without the defect.
  public boolean isHeld() {
    return verdicts.stream().allMatch(Verdict.Held.class::isInstance);
  }
}
