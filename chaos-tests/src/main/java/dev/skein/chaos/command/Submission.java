package dev.skein.chaos.command;

import dev.skein.chaos.exercise.Attempt;
import dev.skein.chaos.exercise.Attempt.Begun;
import dev.skein.chaos.exercise.Attempt.Scored;
import dev.skein.chaos.exercise.Attempt.Seen;
import dev.skein.chaos.exercise.Customers;
import dev.skein.chaos.exercise.Exercise;
import dev.skein.chaos.exercise.Scene;
import dev.skein.chaos.exercise.Score;
import dev.skein.chaos.exercise.Score.Evidence;
import dev.skein.chaos.exercise.Whole;
import dev.skein.chaos.lab.Lab;
import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Arguments;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.command.Flag;
import dev.skein.cli.format.Table;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/// `skein chaos exercise submit`
final class Submission {

  private static final Flag PREDICT =
      Flag.of("predict", "number", "Write a prediction down, before the trouble", Submission::read);

  /// What was dead starts, joins and is heard of again.
  private static final Duration WHOLE_WITHIN = Duration.ofSeconds(30);

  private Submission() {}

  private static Double read(String text) {
    try {
      var value = Double.parseDouble(text);
      if (value >= 0 && value <= 1e6) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException("must be a number from 0 to 1000000");
  }

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS]",
            "Write your prediction down; or, once the trouble is repaired, end the exercise. The"
                + " cluster's real state decides. If something is left to be done, it says what,"
                + " and the exercise goes on.")
        .flags(
            PREDICT,
            Flag.string("diagnosis", (char) 0, "answer", "What you found out: a letter, or a node"),
            Flag.bool("give-up", (char) 0, "End it although the goal is not reached"))
        .examples(
            "skein chaos exercise submit --predict 3",
            "skein chaos exercise submit --diagnosis m2",
            "skein chaos exercise submit --give-up")
        .does(
            (context, arguments) -> {
              var attempt = new Attempt(Labs.directory(context));
              var begun = attempt.require();
              var prediction = arguments.get("predict", Double.class);
              if (prediction != null) {
                if (attempt.seen().struckMillis() > 0) {
                  throw new FailureException(
                      "the trouble has begun already: too late for a prediction");
                }
                attempt.predict(prediction);
                context.out().println("Written down. Now watch the cluster.");
                return ExitCode.SUCCESS;
              }
              return submit(context, arguments, attempt, begun);
            });
  }

  private static int submit(
      CommandContext context, Arguments arguments, Attempt attempt, Begun begun)
      throws IOException {
    var lab = Labs.of(context);
    var exercise = ExerciseCommands.of(begun);
    var seen = attempt.seen();
    if (!seen.failure().isEmpty()) {
      attempt.tellOver();
      attempt.end();
      throw new FailureException("the trouble could not be made, start again: " + seen.failure());
    }
    var left = left(lab, exercise, begun, seen);
    if (!left.isEmpty() && !arguments.is("give-up")) {
      context.out().println("Not yet:");
      left.forEach(what -> context.out().println("  - " + what));
      context.out().println("The exercise goes on. (To end it: --give-up)");
      return ExitCode.FAILURE;
    }
    var now = context.now().toEpochMilli();
    attempt.tellOver();
    if (!BackgroundProctor.awaitEnd(lab)) {
      context.err().println("What the exercise did is not yet undone; see: skein chaos status");
    }
    var last = attempt.seen();
    var kept = Customers.kept(lab);
    var answer = arguments.text("diagnosis");
    var evidence =
        new Evidence(
            left.isEmpty(),
            Customers.lost(last, kept),
            last.calls(),
            last.failed(),
            Duration.ofMillis(
                Math.max(
                    0,
                    (last.solvedMillis() > 0 ? last.solvedMillis() : now) - last.struckMillis())),
            exercise.par(),
            attempt.prediction(),
            measured(exercise, last),
            answer != null && exercise.diagnosis().isRight(answer, last.victim()));
    var score = Score.of(evidence);
    attempt.score(new Scored(exercise.name(), begun.seed(), now, score.total(), score));
    attempt.end();
    show(context, exercise, last, score);
    if (kept.isEmpty()) {
      context
          .out()
          .println(
              "\nNo manager tells what is kept of the customers' orders, so only what was missed"
                  + " before counts as lost.");
    }
    context.out().flush();
    leave(context, lab, kept.isPresent());
    return left.isEmpty() && score.total() > 0 ? ExitCode.SUCCESS : ExitCode.FAILURE;
  }

  private static List<String> left(Lab lab, Exercise exercise, Begun begun, Seen seen) {
    if (seen.struckMillis() == 0) {
      return List.of("the trouble has not begun; write a prediction, or wait");
    }
    if (!seen.troubled()) {
      return List.of("the trouble has not shown yet");
    }
    try {
      return exercise.plot().unmet(new Scene(lab, begun.seed(), seen.victim(), () -> 0));
    } catch (IOException e) {
      return List.of("the cluster does not answer: " + e.getMessage());
    }
  }

  /// Removes what the exercise created, and says what the next one would find.
  ///
  /// @param answers whether the cluster did just now
  private static void leave(CommandContext context, Lab lab, boolean answers) {
    try {
      if (answers) {
        Customers.leave(lab);
      }
    } catch (IOException e) {
      context.err().println("The exercise's services are not removed: " + e.getMessage());
    }
    var missing = Whole.missing(lab, answers ? WHOLE_WITHIN : Duration.ZERO);
    if (!missing.isEmpty()) {
      context.out().println("\nThe next exercise needs a cluster that is whole:");
      missing.forEach(what -> context.out().println("  - " + what));
      context.out().println(Whole.anew(lab));
    }
  }

  private static double measured(Exercise exercise, Seen seen) {
    return switch (exercise.prediction().measured()) {
      case WRITE_GAP_SECONDS -> seen.gapMillis() / 1000.0;
      case FAILED_CALLS -> seen.failedRequests();
      case REPLICAS -> Math.max(0, seen.replicas());
    };
  }

  private static void show(CommandContext context, Exercise exercise, Seen seen, Score score) {
    var out = context.out();
    out.println("%d of 100 points".formatted(score.total()));
    out.print(
        Table.align(
            score.parts().stream()
                .map(
                    part ->
                        "  %s\t%d of %d\t%s"
                            .formatted(part.what(), part.points(), part.of(), part.why()))
                .toList()));
    out.println();
    if (!seen.victim().isEmpty()) {
      out.println("The node in question was %s.".formatted(seen.victim()));
    }
    if (exercise.diagnosis().right() >= 0) {
      out.println(
          "The right answer: %s."
              .formatted(exercise.diagnosis().choices().get(exercise.diagnosis().right())));
    }
    out.println();
    out.println(exercise.explanation());
  }
}
