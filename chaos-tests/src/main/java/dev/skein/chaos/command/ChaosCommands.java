package dev.skein.chaos.command;

import com.google.gson.JsonElement;
import dev.skein.chaos.experiment.Made;
import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.fault.Errand;
import dev.skein.chaos.fault.InForce;
import dev.skein.chaos.lab.Cluster;
import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Command;
import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.CommandProvider;
import dev.skein.cli.command.Flag;
import dev.skein.cli.command.UsageException;
import dev.skein.cli.format.Json;
import dev.skein.cli.format.Table;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// `skein chaos …`
public final class ChaosCommands implements CommandProvider {

  private static final Duration UNDO_WITHIN = Duration.ofSeconds(60);

  @Override
  public String name() {
    return "chaos";
  }

  @Override
  public Command command() {
    return new Group(
        "Hurt a cluster on purpose, and see whether it keeps what it promises.",
        List.of(
            new Entry("doctor", "Show what this machine and the cluster allow", Doctor::leaf),
            new Entry("list", "List the faults", FaultListing::leaf),
            new Entry("explain", "Explain a fault", ChaosCommands::explain),
            new Entry("lint", "Check the file of an experiment", RunCommands::lint),
            new Entry("run", "Run an experiment", RunCommands::run),
            new Entry("status", "Show what is in force", ChaosCommands::status),
            new Entry("stop", "End what is in force", ChaosCommands::stop),
            new Entry("report", "List what was run, or show one", RunCommands::report),
            new Entry("inject", "What experiments run on a node", InjectCommand::leaf),
            new Entry(
                "exercise",
                "Repair a cluster, and be judged by its state",
                ExerciseCommands::group)));
  }

  private static Leaf explain() {
    return Leaf.of("FAULT", "Explain a fault: what happens, what should, and its options.")
        .arguments(1, 1)
        .words(FaultListing.names())
        .examples("skein chaos explain partition.in")
        .does(
            (context, arguments) -> {
              var name = arguments.argument(0);
              var fault =
                  Catalogue.find(name)
                      .orElseThrow(
                          () ->
                              new UsageException(
                                  "unknown fault \"%s\"; possible are %s"
                                      .formatted(name, String.join(", ", FaultListing.names()))));
              var out = context.out();
              out.println(fault.name() + ": " + fault.summary());
              out.println();
              out.println(fault.explanation());
              if (!fault.options().isEmpty()) {
                out.println();
                out.println("Options:");
                var lines = new ArrayList<String>();
                for (var option : fault.options()) {
                  lines.add(
                      "  %s\t%s%s"
                          .formatted(
                              option.name(),
                              option.says(),
                              option.byDefault().isEmpty()
                                  ? ""
                                  : " (default %s)".formatted(option.byDefault())));
                }
                out.print(Table.align(lines));
              }
              out.println();
              out.println("In an experiment:");
              out.println(FaultListing.example(fault));
              Labs.present(context)
                  .flatMap(fault::unsupported)
                  .ifPresent(why -> out.println("\nNot possible here: " + why));
              return ExitCode.SUCCESS;
            });
  }

  private static Leaf status() {
    return Leaf.of("", "Show the faults that are in force in the local cluster, or that of --host.")
        .examples("skein chaos status", "skein --host tcp://10.0.0.1:2376 chaos status")
        .does(
            (context, arguments) -> {
              var lines = new ArrayList<>(List.of("FAULT\tNODE\tOPTIONS\tFOR\tUNDONE AT"));
              var cluster = Labs.cluster(context);
              RunLock.holder(cluster.directory())
                  .ifPresent(pid -> context.out().println("An experiment runs: process " + pid));
              for (var found : InForce.all(cluster)) {
                var what = found.what();
                lines.add(
                    "%s\t%s\t%s\t%ds\t%s"
                        .formatted(
                            what.fault(),
                            what.node(),
                            what.options(),
                            (context.now().toEpochMilli() - what.sinceMillis()) / 1_000,
                            Instant.ofEpochMilli(what.untilMillis())
                                .atZone(context.zone())
                                .toLocalTime()
                                .withNano(0)));
              }
              carried(context, cluster).forEach(lines::add);
              context
                  .out()
                  .print(lines.size() == 1 ? "Nothing is in force.\n" : Table.align(lines));
              return ExitCode.SUCCESS;
            });
  }

  /// What experiments have made in a cluster that was named, from wherever they run.
  private static List<JsonElement> made(CommandContext context, Cluster cluster)
      throws IOException {
    return Labs.isNamed(context) ? Made.services(cluster, "") : List.of();
  }

  /// The faults that jobs carry, and what else there is.
  private static List<String> carried(CommandContext context, Cluster cluster) throws IOException {
    var lines = new ArrayList<String>();
    var others = 0;
    for (var service : made(context, cluster)) {
      var labels = Json.object(service, "Spec.Labels");
      if (labels.has(Errand.FAULT)) {
        var since = Instant.parse(Json.text(service, "CreatedAt"));
        lines.add(
            "%s\t%s\t%s\t%ds\tby itself"
                .formatted(
                    labels.get(Errand.FAULT).getAsString(),
                    labels.get(Errand.NODE).getAsString(),
                    labels.get(Errand.OPTIONS).getAsString(),
                    Math.max(0, context.now().getEpochSecond() - since.getEpochSecond())));
      } else {
        others++;
      }
    }
    if (others > 0) {
      context.out().println("An experiment has made %d services for its load.".formatted(others));
    }
    return lines;
  }

  private static Leaf stop() {
    return Leaf.of(
            "--all",
            "End all faults that are in force in the local cluster, or that of --host, and the run"
                + " that injected them, from whatever terminal; and remove what it has made there.")
        .flags(Flag.bool("all", (char) 0, "End all of them; nothing else can be ended yet"))
        .examples("skein chaos stop --all", "skein --host tcp://10.0.0.1:2376 chaos stop --all")
        .does(
            (context, arguments) -> {
              if (!arguments.is("all")) {
                throw new UsageException("say --all: everything in force is ended");
              }
              var cluster = Labs.cluster(context);
              if (RunLock.interrupt(cluster.directory(), UNDO_WITHIN)) {
                context.out().println("The experiment that ran has been ended.");
              }
              var code = ExitCode.SUCCESS;
              var ended = 0;
              for (var found : InForce.all(cluster)) {
                var label = found.what().fault() + " at " + found.what().node();
                if (found.end(UNDO_WITHIN)) {
                  ended++;
                  context.out().println("ended " + label);
                } else {
                  context.err().println("%s does not end; see its log".formatted(label));
                  code = ExitCode.FAILURE;
                }
              }
              var made = made(context, cluster);
              Made.remove(cluster, made);
              if (!made.isEmpty()) {
                context.out().println("removed %d services of experiments".formatted(made.size()));
              }
              if (ended == 0 && made.isEmpty() && code == ExitCode.SUCCESS) {
                context.out().println("Nothing is in force.");
              }
              return code;
            });
  }
}
