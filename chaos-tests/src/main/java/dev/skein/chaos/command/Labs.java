package dev.skein.chaos.command;

import dev.skein.chaos.lab.Lab;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.dev.DevCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// The lab that a user's commands are about: the local cluster.
final class Labs {

  private Labs() {}

  /// The local cluster.
  ///
  /// @throws FailureException if there is none
  static Lab of(CommandContext context) throws IOException {
    return find(context)
        .orElseThrow(
            () ->
                new FailureException(
                    "there is no local cluster to experiment with; start one: skein dev up, or as"
                        + " root with a network and a disk for each node: skein dev up"
                        + " --isolated"));
  }

  /// The local cluster, if there is one.
  static Optional<Lab> find(CommandContext context) throws IOException {
    if (context.host() != null) {
      // Rather than hurt another cluster than the one that was named.
      throw new FailureException(
          "experiments are for the local cluster (skein dev) only: leave --host "
              + context.host()
              + " away");
    }
    var cluster = DevCluster.of(context);
    return cluster.nodes().isEmpty()
        ? Optional.empty()
        : Optional.of(Lab.of(cluster, launcher(context)));
  }

  /// Where records of runs are, whether there is a cluster or not.
  static Path directory(CommandContext context) {
    return DevCluster.of(context).root().resolve("chaos");
  }

  private static String launcher(CommandContext context) throws FailureException {
    var launcher = context.environment().get("SKEIN_LAUNCHER");
    if (launcher == null || launcher.isEmpty()) {
      throw new FailureException("run this through the skein script, which starts the daemons too");
    }
    return launcher;
  }
}
