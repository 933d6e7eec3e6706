package dev.skein.chaos.command;

import com.google.gson.JsonObject;
import dev.skein.chaos.exercise.Attempt;
import dev.skein.chaos.exercise.Attempt.Begun;
import dev.skein.chaos.exercise.Exercise;
import dev.skein.chaos.exercise.Exercises;
import dev.skein.chaos.exercise.Proctor;
import dev.skein.chaos.exercise.Scene;
import dev.skein.chaos.exercise.Whole;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Command;
import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.command.Flag;
import dev.skein.cli.command.UsageException;
import dev.skein.cli.format.Listing;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// `skein chaos exercise …`
final class ExerciseCommands {

  private static final Flag SEED =
      Flag.of("seed", "uint", "Give all of a class the same trouble", Flag::readUnsigned);

  /// What another exercise has just ended becomes ready meanwhile.
  private static final Duration WHOLE_WITHIN = Duration.ofSeconds(20);

  private ExerciseCommands() {}

  static Command group() {
    return new Group(
        "Something goes wrong in the local cluster, and you repair it.",
        List.of(
            new Entry("list", "List the exercises", ExerciseCommands::list),
            new Entry("start", "Start an exercise", ExerciseCommands::start),
            new Entry("hint", "Show the next hint", ExerciseCommands::hint),
            new Entry("submit", "Predict; or end the exercise and be judged", Submission::leaf),
            new Entry("score", "List what was reached", ExerciseCommands::score),
            new Entry(
                "proctor", "Watch an exercise; 'start' runs this", ExerciseCommands::proctor)));
  }

  private static Leaf list() {
    return Leaf.of("[OPTIONS]", "List the exercises, and what was reached in them.")
        .flags(
            Flag.string("format", (char) 0, "string", "Format: table, json, raw or a template"),
            Flag.bool("quiet", 'q', "Print only names"))
        .examples("skein chaos exercise list")
        .does(
            (context, arguments) -> {
              var scores = new Attempt(Labs.directory(context)).scores();
              var listing =
                  new Listing("{{.Name}}\t{{.Cluster}}\t{{.Best}}\t{{.Title}}", "Name")
                      .field("Name", "EXERCISE")
                      .field("Cluster", "CLUSTER")
                      .field("Best", "BEST")
                      .field("Title", "TITLE");
              for (var exercise : Exercises.all()) {
                var best =
                    scores.stream()
                        .filter(scored -> scored.exercise().equals(exercise.name()))
                        .mapToInt(Attempt.Scored::total)
                        .max();
                var row = new JsonObject();
                row.addProperty("Name", exercise.name());
                row.addProperty("Cluster", exercise.isolated() ? "isolated" : "any");
                row.addProperty("Best", best.isPresent() ? Integer.toString(best.getAsInt()) : "-");
                row.addProperty("Title", exercise.title());
                listing.add(row);
              }
              context.out().print(listing.render(arguments.text("format"), arguments.is("quiet")));
              return ExitCode.SUCCESS;
            });
  }

  static String[] names() {
    return Exercises.all().stream().map(Exercise::name).toArray(String[]::new);
  }

  private static Exercise find(String name) {
    return Exercises.find(name)
        .orElseThrow(
            () ->
                new UsageException(
                    "unknown exercise \"%s\"; possible are %s"
                        .formatted(name, String.join(", ", names()))));
  }

  /// The exercise that is under way.
  static Exercise of(Begun begun) {
    return find(begun.exercise());
  }

  private static Leaf start() {
    return Leaf.of(
            "[OPTIONS] EXERCISE",
            "Start an exercise in the local cluster. The trouble begins some seconds after you have"
                + " written a prediction, or after a minute and a half without one.")
        .arguments(1, 1)
        .words(names())
        .flags(SEED)
        .examples("skein chaos exercise start leader-dies")
        .does(
            (context, arguments) -> {
              var exercise = find(arguments.argument(0));
              var lab = Labs.of(context);
              if (exercise.isolated() && !lab.nodes().stream().allMatch(LabNode::isIsolated)) {
                throw new FailureException(
                    exercise.name()
                        + " needs nodes with a network and a disk of their own; as root: skein dev"
                        + " down, then: skein dev up --isolated");
              }
              var attempt = new Attempt(Labs.directory(context));
              if (RunLock.holder(Labs.directory(context)).isPresent()) {
                throw new FailureException(
                    "an experiment or exercise is under way: skein chaos status");
              }
              var given = arguments.get("seed", Long.class);
              var seed = given == null ? context.now().toEpochMilli() % 1_000_000 : given;
              context.out().println("Preparing the cluster...");
              context.out().flush();
              requireWhole(lab);
              var victim = exercise.plot().prepare(new Scene(lab, seed, "", () -> 0));
              var now = context.now().toEpochMilli();
              attempt.begin(new Begun(exercise.name(), seed, now, victim));
              BackgroundProctor.start(lab, attempt.directory());
              show(context, exercise, victim);
              return ExitCode.SUCCESS;
            });
  }

  private static void requireWhole(Lab lab) throws FailureException {
    var missing = Whole.missing(lab, WHOLE_WITHIN);
    if (!missing.isEmpty()) {
      throw new FailureException(
          "an exercise needs a cluster that is whole:\n  - %s\n%s"
              .formatted(String.join("\n  - ", missing), Whole.anew(lab)));
    }
  }

  private static void show(CommandContext context, Exercise exercise, String victim) {
    var out = context.out();
    out.println();
    out.println(exercise.title());
    out.println();
    out.println(exercise.goal().replace("%s", victim));
    out.println();
    out.println("Customers use the service \"%s\" on port %d.".formatted(Scene.SHOP, Scene.PORT));
    out.println();
    out.println("Predict first: " + exercise.prediction().question());
    out.println("    skein chaos exercise submit --predict NUMBER");
    out.println("Find out: " + exercise.diagnosis().question());
    for (var i = 0; i < exercise.diagnosis().choices().size(); i++) {
      out.println("    %c) %s".formatted('a' + i, exercise.diagnosis().choices().get(i)));
    }
    out.println("When it is repaired:");
    out.println("    skein chaos exercise submit --diagnosis ANSWER");
  }

  private static Leaf hint() {
    return Leaf.of("", "Show the next hint of the exercise that is under way. It costs nothing.")
        .examples("skein chaos exercise hint")
        .does(
            (context, arguments) -> {
              var attempt = new Attempt(Labs.directory(context));
              var hints = of(attempt.require()).hints();
              var given = attempt.nextHint();
              context
                  .out()
                  .println(
                      given < hints.size()
                          ? "%d of %d: %s".formatted(given + 1, hints.size(), hints.get(given))
                          : "There are no more hints; ask a colleague, or: skein chaos exercise"
                              + " submit --give-up");
              return ExitCode.SUCCESS;
            });
  }

  private static Leaf score() {
    return Leaf.of("[OPTIONS]", "List what was reached, the latest last.")
        .flags(
            Flag.string("format", (char) 0, "string", "Format: table, json, raw or a template"),
            Flag.bool("quiet", 'q', "Print only the points"))
        .examples("skein chaos exercise score", "skein chaos exercise score --format json")
        .does(
            (context, arguments) -> {
              var listing =
                  new Listing("{{.Exercise}}\t{{.Points}}\t{{.Parts}}\t{{.At}}", "Points")
                      .field("Exercise", "EXERCISE")
                      .field("Points", "POINTS")
                      .field("Parts", "PARTS")
                      .field("Seed", "SEED")
                      .field("At", "AT");
              for (var scored : new Attempt(Labs.directory(context)).scores()) {
                var row = new JsonObject();
                row.addProperty("Exercise", scored.exercise());
                row.addProperty("Points", scored.total());
                row.addProperty(
                    "Parts",
                    String.join(
                        ", ",
                        scored.score().parts().stream()
                            .map(part -> part.what() + " " + part.points() + "/" + part.of())
                            .toList()));
                row.addProperty("Seed", scored.seed());
                row.addProperty("At", Instant.ofEpochMilli(scored.atMillis()).toString());
                listing.add(row);
              }
              context.out().print(listing.render(arguments.text("format"), arguments.is("quiet")));
              return ExitCode.SUCCESS;
            });
  }

  private static Leaf proctor() {
    return Leaf.of("", "Play the customers of the exercise that is under way, and its trouble.")
        .does(
            (context, arguments) -> {
              var directory = Labs.directory(context);
              var attempt = new Attempt(directory);
              var begun = attempt.require();
              context.interrupts().arm();
              try (var _ = RunLock.take(directory)) {
                new Proctor(
                        Labs.of(context),
                        attempt,
                        begun,
                        of(begun),
                        context.interrupts(),
                        context::nanoTime,
                        context::now)
                    .run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (IOException e) {
                context.err().println(e.getMessage());
                return ExitCode.FAILURE;
              }
              return ExitCode.SUCCESS;
            });
  }
}
