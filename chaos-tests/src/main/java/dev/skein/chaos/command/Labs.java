package dev.skein.chaos.command;

import dev.skein.chaos.experiment.Experiment.Guard;
import dev.skein.chaos.host.HostCluster;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.workload.Manager;
import dev.skein.cli.client.Endpoint;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.command.UsageException;
import dev.skein.cli.dev.DevCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The cluster that a user's commands are about: the local one, or the one that was named.
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
    if (isNamed(context)) {
      // Rather than hurt another cluster than the one that was named.
      throw new FailureException(
          "exercises are for the local cluster (skein dev) only: leave --host and SKEIN_HOST away");
    }
    return local(context);
  }

  private static Optional<Lab> local(CommandContext context) throws IOException {
    var cluster = DevCluster.of(context);
    return cluster.nodes().isEmpty()
        ? Optional.empty()
        : Optional.of(Lab.of(cluster, launcher(context)));
  }

  /// Whether a cluster was named by its API. The variable that `skein dev up` proposes names the
  /// local one.
  static boolean isNamed(CommandContext context) throws IOException {
    if (context.host() != null) {
      return true;
    }
    var named = context.environment().getOrDefault("SKEIN_HOST", "");
    return !named.isEmpty()
        && DevCluster.of(context).nodes().stream().noneMatch(node -> node.host().equals(named));
  }

  /// The cluster that was named, else the local one.
  ///
  /// @param label that allows faults on the nodes of a named one
  /// @param via more of its managers, as `--host` has them
  static Cluster cluster(CommandContext context, String label, List<String> via)
      throws IOException {
    if (!isNamed(context)) {
      if (!via.isEmpty()) {
        throw new UsageException("--via names more managers of the cluster that --host names");
      }
      return of(context);
    }
    var hosts = new ArrayList<>(List.of(new Manager("", context.endpoint(), context.tls())));
    for (var each : via) {
      try {
        hosts.add(new Manager("", Endpoint.parse(each), context.tls()));
      } catch (IllegalArgumentException e) {
        throw new UsageException("--via: " + e.getMessage());
      }
    }
    var run = Long.toString(context.now().toEpochMilli(), Character.MAX_RADIX);
    return HostCluster.of(hosts, label, run, directory(context), launcher(context));
  }

  /// The same, where a local one need not be there.
  static Optional<? extends Cluster> present(CommandContext context) throws IOException {
    return isNamed(context) ? Optional.of(cluster(context)) : local(context);
  }

  /// The cluster of a command that hurts nobody.
  static Cluster cluster(CommandContext context) throws IOException {
    return cluster(context, Guard.DEFAULT.requireLabel(), List.of());
  }

  /// Where records of runs are, whether there is a cluster or not: in that of the local cluster,
  /// beside it for all others.
  static Path directory(CommandContext context) throws IOException {
    var root = DevCluster.of(context).root();
    return isNamed(context) ? root.resolveSibling("chaos") : root.resolve("chaos");
  }

  private static String launcher(CommandContext context) throws FailureException {
    var launcher = context.environment().get("SKEIN_LAUNCHER");
    if (launcher == null || launcher.isEmpty()) {
      throw new FailureException("run this through the skein script, which starts the daemons too");
    }
    return launcher;
  }
}
