package dev.skein.chaos.command;

import dev.skein.chaos.experiment.Experiment;
import dev.skein.chaos.experiment.ExperimentReader;
import dev.skein.chaos.experiment.ExperimentReader.Bad;
import dev.skein.chaos.experiment.ExperimentReader.Good;
import dev.skein.chaos.experiment.Plan;
import dev.skein.chaos.experiment.Plan.Member;
import dev.skein.chaos.experiment.Words;
import dev.skein.chaos.lab.Lab;
import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Arguments;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.command.Flag;
import dev.skein.cli.format.Table;
import java.io.IOException;
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
  private static @Nullable Experiment read(CommandContext context, String file)
      throws IOException {
    return switch (ExperimentReader.read(Files.readString(Path.of(file)))) {
      case Good good -> good.experiment();
      case Bad bad -> {
        bad.problems().forEach(problem -> context.err().println(problem.in(file)));
        yield null;
      }
    };
  }
}
