package dev.skein.chaos.exercise;

import dev.skein.chaos.exercise.Attempt.Begun;
import dev.skein.chaos.exercise.Attempt.Seen;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.MeshProbe;
import dev.skein.cli.command.Interrupts;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The process in the background of an exercise: it plays the customers, makes the trouble
/// after a hidden delay, sees when it is repaired, and undoes what is left of it in the end.
/// It ends when the exercise was submitted, after an hour, and when the cluster is gone.
public final class Proctor {

  /// How long an exercise may take.
  public static final Duration LIMIT = Duration.ofMinutes(60);

  private static final Duration PREDICTION_WAIT = Duration.ofSeconds(90);
  private static final Duration CALL_PAUSE = Duration.ofMillis(100);
  private static final long TICK_NANOS = Duration.ofMillis(500).toNanos();
  private static final Duration STRIKE_END = Duration.ofSeconds(90);

  private final Lab lab;
  private final Attempt attempt;
  private final Begun begun;
  private final Exercise exercise;
  private final Interrupts interrupts;
  private final LongSupplier nanoTime;
  private final InstantSource wall;
  private final WriteProbe orders;
  private final Scene scene;
  private Seen seen = Seen.NOTHING;
  private volatile String failure = "";
  private long strikeNanos;
  private long attemptsBefore;
  private long acknowledgedBefore;

  public Proctor(
      Lab lab,
      Attempt attempt,
      Begun begun,
      Exercise exercise,
      Interrupts interrupts,
      LongSupplier nanoTime,
      InstantSource wall) {
    this.lab = lab;
    this.attempt = attempt;
    this.begun = begun;
    this.exercise = exercise;
    this.interrupts = interrupts;
    this.nanoTime = nanoTime;
    this.wall = wall;
    this.orders = new WriteProbe(lab, nanoTime);
    this.scene = new Scene(lab, begun.seed(), begun.victim(), orders.book()::count);
  }

  /// Does all of it; returns when the exercise is over.
  public void run() throws IOException, InterruptedException {
    var begin = nanoTime.getAsLong();
    orders.create();
    orders.start();
    @Nullable Thread strike = null;
    try (orders;
        var mesh = MeshProbe.start(lab, Scene.PORT, CALL_PAUSE, nanoTime)) {
      var strikeAt = -1L;
      while (!isOver(begin)) {
        if (strike == null && strikeAt < 0 && mayStrike(begin)) {
          strikeAt = nanoTime.getAsLong() + hiddenDelay().toNanos();
        }
        if (strike == null && strikeAt >= 0 && nanoTime.getAsLong() - strikeAt >= 0) {
          strike = strike();
        }
        if (strike != null) {
          look(mesh);
        }
        if (interrupts.await(TICK_NANOS)) {
          break;
        }
      }
      orders.close();
      if (strike != null) {
        // What was found since the last look, without judging anything else again.
        attempt.seen(seen.of(orders.book()));
      }
    } finally {
      scene.end();
      if (strike != null) {
        strike.join(STRIKE_END);
      }
      scene.undo();
    }
  }

  private boolean isOver(long begin) {
    return attempt.isOver()
        || !failure.isEmpty()
        || nanoTime.getAsLong() - begin > LIMIT.toNanos()
        || lab.nodes().stream().noneMatch(node -> Files.exists(node.beside("address")));
  }

  /// Once a prediction was written down, or will not be.
  private boolean mayStrike(long begin) throws IOException {
    return !Double.isNaN(attempt.prediction())
        || nanoTime.getAsLong() - begin > PREDICTION_WAIT.toNanos();
  }

  private Duration hiddenDelay() {
    return Duration.ofMillis(new SplittableRandom(begun.seed()).nextLong(3_000, 12_000));
  }

  private Thread strike() throws IOException {
    strikeNanos = nanoTime.getAsLong();
    attemptsBefore = orders.attempts();
    acknowledgedBefore = orders.book().count();
    seen =
        new Seen(wall.instant().toEpochMilli(), begun.victim(), false, 0, 0, 0, 0, 0, 0, 0, -1, "");
    attempt.seen(seen);
    return Thread.ofPlatform()
        .name("trouble")
        .start(
            () -> {
              try {
                exercise.plot().strike(scene);
              } catch (IOException e) {
                failure = String.valueOf(e.getMessage());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private void look(MeshProbe mesh) throws IOException {
    var unmet = unmet();
    var troubled = seen.troubled() || !unmet.isEmpty();
    var solved =
        !troubled || !unmet.isEmpty()
            ? 0
            : seen.solvedMillis() > 0 ? seen.solvedMillis() : now().toEpochMilli();
    // Nobody can repair the machine itself: what it does not answer is not the participant's
    // fault.
    var requests =
        mesh.since(strikeNanos).stream()
            .filter(call -> !call.node().equals(scene.victim()))
            .toList();
    var failedRequests = requests.stream().filter(call -> !call.answered()).count();
    var writes = orders.attempts() - attemptsBefore;
    // The one that is under way has not failed.
    var failedWrites = Math.max(0, writes - 1 - (orders.book().count() - acknowledgedBefore));
    seen =
        new Seen(
            seen.struckMillis(),
            scene.victim(),
            troubled,
            solved,
            orders.book().highest(),
            orders.book().lost(),
            writes + requests.size(),
            failedWrites + failedRequests,
            failedRequests,
            orders.longestGap().toMillis(),
            replicas(),
            failure);
    attempt.seen(seen);
  }

  private Instant now() {
    return wall.instant();
  }

  private List<String> unmet() {
    try {
      return exercise.plot().unmet(scene);
    } catch (IOException | RuntimeException e) {
      return List.of("the cluster does not answer: " + e.getMessage());
    }
  }

  private int replicas() {
    try {
      return exercise.plot().replicas(scene).orElse(-1);
    } catch (IOException e) {
      return seen.replicas();
    }
  }
}
