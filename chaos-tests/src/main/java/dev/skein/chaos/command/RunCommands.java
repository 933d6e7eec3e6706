package dev.skein.chaos.command;

import com.google.gson.JsonObject;
import dev.skein.chaos.experiment.Experiment;
import dev.skein.chaos.experiment.ExperimentReader;
import dev.skein.chaos.experiment.ExperimentReader.Bad;
import dev.skein.chaos.experiment.ExperimentReader.Good;
import dev.skein.chaos.experiment.Made;
import dev.skein.chaos.experiment.Plan;
import dev.skein.chaos.experiment.Plan.Member;
import dev.skein.chaos.experiment.ReportPage;
import dev.skein.chaos.experiment.Run;
import dev.skein.chaos.experiment.RunRecord;
import dev.skein.chaos.experiment.RunStore;
import dev.skein.chaos.experiment.Screen;
import dev.skein.chaos.experiment.Words;
import dev.skein.chaos.lab.Cluster;
import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Arguments;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.command.Flag;
import dev.skein.cli.command.UsageException;
import dev.skein.cli.format.Listing;
import dev.skein.cli.format.Table;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The commands that read, run and show experiments.
final class RunCommands {

  private RunCommands() {}

  static Leaf lint() {
    return Leaf.of("FILE [FILE...]", "Check the files of experiments, without a cluster.")
        .arguments(1, 100)
        .examples("skein chaos lint leader-dies.yaml")
        .does(
            (context, arguments) -> {
              var code = ExitCode.SUCCESS;
              for (var file : arguments.positional()) {
                var experiment = read(context, file);
                if (experiment == null) {
                  code = ExitCode.FAILURE;
                } else {
                  context
                      .out()
                      .println(
                          "%s: good: \"%s\", %d steps in %s"
                              .formatted(
                                  file,
                                  experiment.title(),
                                  experiment.method().size(),
                                  Words.of(experiment.length())));
                }
              }
              return code;
            });
  }

  /// The experiment of a file; null after its problems have been shown.
  private static @Nullable Experiment read(CommandContext context, String file) throws IOException {
    return switch (ExperimentReader.read(text(file))) {
      case Good good -> good.experiment();
      case Bad bad -> {
        bad.problems().forEach(problem -> context.err().println(problem.in(file)));
        yield null;
      }
    };
  }

  private static String text(String file) throws IOException {
    var path = Path.of(file);
    if (Files.isDirectory(path)) {
      throw new FailureException(file + " is a directory; give the file of an experiment");
    }
    try {
      return Files.readString(path);
    } catch (CharacterCodingException e) {
      throw new FailureException(file + " is no text in UTF-8, so it is no experiment");
    }
  }

  /// Where a report is to be written, checked before the work that it is about.
  private static @Nullable Path reportFile(@Nullable String given) throws FailureException {
    if (given == null) {
      return null;
    }
    var file = Path.of(given).toAbsolutePath();
    var parent = file.getParent();
    if (parent == null || !Files.isDirectory(parent) || Files.isDirectory(file)) {
      throw new FailureException(
          "a report can't be written to %s: give a file in a directory that exists"
              .formatted(given));
    }
    return file;
  }

  static Leaf run() {
    return Leaf.of(
            "[OPTIONS] FILE",
            "Run an experiment against the local cluster, or against the one that --host names,"
                + " where only nodes that carry the label chaos.allowed may be hurt. It ends with 0"
                + " only if everything that was looked at held. ^C ends all faults.")
        .arguments(1, 1)
        .flags(
            Flag.bool("dry-run", (char) 0, "Show what would be done, and do nothing"),
            Flag.of("seed", "uint", "Use this seed and not the file's", Flag::readUnsigned),
            Flag.list("via", (char) 0, "host", "Ask this manager too, besides that of --host"),
            Flag.string("report", (char) 0, "file", "Write a report as one HTML file"))
        .examples(
            "skein chaos run leader-dies.yaml",
            "skein chaos run --dry-run leader-dies.yaml",
            "skein chaos run --seed 7 --report report.html leader-dies.yaml",
            "skein --host tcp://10.0.0.1:2376 chaos run --via tcp://10.0.0.2:2376 worker-dies.yaml")
        .does(RunCommands::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    var report = reportFile(arguments.text("report"));
    var read = read(context, arguments.argument(0));
    if (read == null) {
      return ExitCode.FAILURE;
    }
    var experiment = read.withSeed(Optional.ofNullable(arguments.get("seed", Long.class)));
    var cluster = Labs.cluster(context, experiment.guard().requireLabel(), arguments.texts("via"));
    var plan = Plan.of(experiment, members(context, cluster), fault -> fault.unsupported(cluster));
    if (arguments.is("dry-run")) {
      show(context, experiment, plan);
      return plan.refusals().isEmpty() ? ExitCode.SUCCESS : ExitCode.FAILURE;
    }
    // What that one does to nodes may be why this one is refused.
    requireAlone(context, cluster);
    if (!plan.refusals().isEmpty()) {
      throw new FailureException(String.join("\n", plan.refusals()));
    }
    context.interrupts().arm();
    RunRecord run;
    var store = new RunStore(Labs.directory(context));
    try (var _ = RunLock.take(Labs.directory(context))) {
      var id = store.create(experiment.title(), context.now().atZone(context.zone()));
      var screen = new Screen(context.out(), context.terminal(), context.columns());
      run =
          new Run(
                  cluster,
                  experiment,
                  plan,
                  store.directory(id),
                  screen,
                  context.interrupts(),
                  context::nanoTime)
              .execute(id, context.now().toEpochMilli());
      store.write(run);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailureException("interrupted");
    }
    conclude(context, run);
    if (report != null) {
      Files.writeString(report, ReportPage.of(run));
      context.out().println("The report: " + report);
    }
    return run.outcome() == RunRecord.Outcome.PASSED ? ExitCode.SUCCESS : ExitCode.FAILURE;
  }

  /// What another run has made in a cluster of other people is not for this one to remove.
  private static void requireAlone(CommandContext context, Cluster cluster) throws IOException {
    if (Labs.isNamed(context) && !Made.services(cluster, "").isEmpty()) {
      throw new FailureException(
          "another experiment runs in this cluster, or was cut off; see: skein chaos status, and"
              + " skein chaos stop --all, with the same --host");
    }
  }

  private static List<Member> members(CommandContext context, Cluster cluster) {
    var hurt = Plan.hurt(cluster, context::nanoTime);
    return cluster.nodes().stream()
        .map(
            node ->
                new Member(
                    node.name(),
                    node.isManager(),
                    node.forbidden(),
                    Optional.ofNullable(hurt.get(node.name()))))
        .toList();
  }

  private static void show(CommandContext context, Experiment experiment, Plan plan) {
    context.out().println("%s (seed %d)".formatted(experiment.title(), experiment.seed()));
    var lines = new ArrayList<>(List.of("AT\tSTEP\tWHAT\tFAULT\tTARGET\tOPTIONS"));
    for (var event : plan.events()) {
      var step = event.entry().step();
      lines.add(
          "%s\t%d\t%s\t%s\t%s\t%s"
              .formatted(
                  Words.of(event.at()),
                  event.entry().number(),
                  event.begins() ? "begin" : "end",
                  step.fault().name(),
                  step.target(),
                  step.options().isEmpty() ? "" : step.options()));
    }
    context.out().print(Table.align(lines));
    for (var entry : plan.entries()) {
      entry
          .skipped()
          .ifPresent(
              why ->
                  context
                      .out()
                      .println(
                          "step %d (%s) would be skipped: %s"
                              .formatted(entry.number(), entry.step().fault().name(), why)));
    }
    plan.refusals().forEach(context.err()::println);
  }

  private static void conclude(CommandContext context, RunRecord run) {
    var out = context.out();
    out.println();
    out.println("%s: %s".formatted(run.outcome(), run.why()));
    out.println(
        "%d operations acknowledged, longest write gap %d ms, %s"
            .formatted(
                run.acknowledged(),
                run.writeGapMillis(),
                run.recoveredMillis() < 0
                    ? "not seen well again"
                    : "well again after %d ms".formatted(run.recoveredMillis())));
    out.println("To see it again: skein chaos report " + run.id());
  }

  static Leaf report() {
    return Leaf.of(
            "[OPTIONS] [RUN]",
            "List the runs, the latest last: those of the local cluster, or with --host those of"
                + " all others; or show one, on the terminal or as one HTML file that needs no"
                + " network.")
        .arguments(0, 1)
        .flags(
            Flag.string("html", (char) 0, "file", "Write the run as an HTML file"),
            Flag.string("format", (char) 0, "string", "Format: table, json, raw or a template"),
            Flag.bool("quiet", 'q', "Print only ids"))
        .examples(
            "skein chaos report",
            "skein chaos report 20260102-150405-leader-dies",
            "skein chaos report --html report.html 20260102-150405-leader-dies")
        .does(
            (context, arguments) -> {
              var store = new RunStore(Labs.directory(context));
              var file = reportFile(arguments.text("html"));
              if (arguments.positional().isEmpty()) {
                if (file != null) {
                  throw new UsageException("--html shows one run: name it");
                }
                list(context, arguments, store);
                return ExitCode.SUCCESS;
              }
              var run = store.read(arguments.argument(0));
              if (file != null) {
                Files.writeString(file, ReportPage.of(run));
                context.out().println("The report: " + file);
                return ExitCode.SUCCESS;
              }
              context.out().println("%s (seed %d)".formatted(run.title(), run.seed()));
              for (var line : run.lines()) {
                context
                    .out()
                    .println("%8s  %s".formatted(Words.since(line.atMillis()), line.text()));
              }
              conclude(context, run);
              return ExitCode.SUCCESS;
            });
  }

  private static void list(CommandContext context, Arguments arguments, RunStore store)
      throws IOException {
    var listing =
        new Listing("{{.ID}}\t{{.Outcome}}\t{{.WriteGap}}\t{{.Recovered}}\t{{.Title}}", "ID")
            .field("ID", "RUN")
            .field("Outcome", "OUTCOME")
            .field("WriteGap", "WRITE GAP")
            .field("Recovered", "WELL AGAIN")
            .field("Seed", "SEED")
            .field("Title", "TITLE");
    for (var id : store.ids()) {
      var run = store.read(id);
      var row = new JsonObject();
      row.addProperty("ID", id);
      row.addProperty("Outcome", run.outcome().name());
      row.addProperty("WriteGap", run.writeGapMillis() + "ms");
      row.addProperty(
          "Recovered", run.recoveredMillis() < 0 ? "never" : run.recoveredMillis() + "ms");
      row.addProperty("Seed", run.seed());
      row.addProperty("Title", run.title());
      listing.add(row);
    }
    context.out().print(listing.render(arguments.text("format"), arguments.is("quiet")));
  }
}
