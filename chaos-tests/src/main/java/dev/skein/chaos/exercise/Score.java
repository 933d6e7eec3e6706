package dev.skein.chaos.exercise;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What an attempt is worth, from 0 to 100, with the reason of each part. Pure.
///
/// Safety is a gate: who loses an acknowledged write has 0, whether the goal was reached or not. So
/// is the goal: without it only what was predicted and found out counts.
public record Score(int total, List<Part> parts) {

  private static final int GOAL = 30;
  private static final int AVAILABILITY = 25;
  private static final int RECOVERY = 20;
  private static final int PREDICTION = 10;
  private static final int DIAGNOSIS = 15;

  /// Below this share of good calls there are no points for availability.
  private static final double AVAILABLE_MIN = 0.8;

  /// Beyond so many times the par there are no points for the recovery.
  private static final double PARS_MAX = 4;

  /// Off by more than this factor a prediction is worth nothing.
  private static final double PREDICTED_OFF_MAX = 3;

  /// A part of it.
  public record Part(String what, int points, int of, String why) {}

  /// What an attempt was.
  ///
  /// @param solved whether the goal was reached
  /// @param lost acknowledged writes that are gone
  /// @param calls of customers, writes and requests
  /// @param failed of these
  /// @param recovery from the trouble's beginning until the goal was reached
  /// @param predicted NaN if nothing was
  public record Evidence(
      boolean solved,
      long lost,
      long calls,
      long failed,
      Duration recovery,
      Duration par,
      double predicted,
      double measured,
      boolean diagnosed) {}

  /// Judges an attempt.
  public static Score of(Evidence evidence) {
    var parts = new ArrayList<Part>();
    parts.add(
        new Part(
            "goal",
            evidence.solved() ? GOAL : 0,
            GOAL,
            evidence.solved() ? "reached" : "not reached"));
    parts.add(availability(evidence));
    parts.add(recovery(evidence));
    parts.add(prediction(evidence));
    parts.add(
        new Part(
            "diagnosis",
            evidence.diagnosed() ? DIAGNOSIS : 0,
            DIAGNOSIS,
            evidence.diagnosed() ? "right" : "wrong, or none"));
    if (evidence.lost() > 0) {
      return new Score(
          0,
          List.of(
              new Part(
                  "safety", 0, 100, evidence.lost() + " acknowledged writes are lost: no points")));
    }
    return new Score(parts.stream().mapToInt(Part::points).sum(), List.copyOf(parts));
  }

  private static Part availability(Evidence evidence) {
    var share = evidence.calls() == 0 ? 0 : 1 - (double) evidence.failed() / evidence.calls();
    var worth = Math.clamp((share - AVAILABLE_MIN) / (1 - AVAILABLE_MIN), 0, 1);
    return new Part(
        "availability",
        evidence.solved() ? (int) Math.round(AVAILABILITY * worth) : 0,
        AVAILABILITY,
        "%.2f %% of %d calls were answered".formatted(share * 100, evidence.calls()));
  }

  private static Part recovery(Evidence evidence) {
    if (!evidence.solved()) {
      return new Part("recovery", 0, RECOVERY, "the goal was not reached");
    }
    var pars = (double) evidence.recovery().toMillis() / evidence.par().toMillis();
    var worth = Math.clamp((PARS_MAX - pars) / (PARS_MAX - 1), 0, 1);
    return new Part(
        "recovery",
        (int) Math.round(RECOVERY * worth),
        RECOVERY,
        "%d s, a practised person needs %d s"
            .formatted(evidence.recovery().toSeconds(), evidence.par().toSeconds()));
  }

  private static Part prediction(Evidence evidence) {
    if (Double.isNaN(evidence.predicted())) {
      return new Part("prediction", 0, PREDICTION, "none was written beforehand");
    }
    // One is added so that small numbers are not judged by their ratio alone.
    var ratio =
        (Math.max(evidence.predicted(), evidence.measured()) + 1)
            / (Math.min(evidence.predicted(), evidence.measured()) + 1);
    var worth = Math.clamp((PREDICTED_OFF_MAX - ratio) / (PREDICTED_OFF_MAX - 1), 0, 1);
    return new Part(
        "prediction",
        (int) Math.round(PREDICTION * worth),
        PREDICTION,
        "%.1f was predicted, it was %.1f".formatted(evidence.predicted(), evidence.measured()));
  }
}
