package dev.skein.chaos.exercise;

import dev.skein.chaos.exercise.Attempt.Seen;
import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Lab;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/// What customers leave behind in a cluster.
public final class Customers {

  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(15);

  private Customers() {}

  /// The number that the cluster has now; empty if no manager can tell.
  public static OptionalLong kept(Lab lab) {
    var number = new AtomicLong();
    try {
      lab.await(
          new Condition(
              "the cluster tells what it has kept",
              at -> {
                number.set(WriteProbe.kept(lab));
                return Optional.empty();
              }),
          ANSWER_WITHIN);
      return OptionalLong.of(number.get());
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /// How many acknowledged writes are gone: those that were missed while the exercise went on, and
  /// those that are missing at its end. Whether the goal was reached does not matter. Pure.
  ///
  /// @param kept the number that the cluster has at the end; empty if nobody can tell
  public static long lost(Seen seen, OptionalLong kept) {
    return seen.lost() + Math.max(0, seen.acknowledged() - kept.orElse(seen.acknowledged()));
  }

  /// Removes what the exercise created.
  public static void leave(Lab lab) throws IOException {
    var scene = new Scene(lab, 0, "", () -> 0);
    scene.remove(Scene.SHOP);
    scene.remove(WriteProbe.OBJECT);
  }
}
