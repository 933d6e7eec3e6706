package dev.skein.cli.dev;

import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Arguments;
import dev.skein.cli.command.Command;
import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.CommandProvider;
import dev.skein.cli.command.Flag;
import dev.skein.cli.command.UsageException;
import dev.skein.cli.format.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `skein dev …`
public final class DevCommands implements CommandProvider {

  private static final long MANAGERS_DEFAULT = 3;
  private static final long WORKERS_DEFAULT = 2;

  @Override
  public String name() {
    return "dev";
  }

  @Override
  public Command command() {
    return new Group(
        "Run a whole cluster on this machine: separate daemons, each with an address of its own.",
        List.of(
            new Entry("up", "Start a local cluster", DevCommands::up),
            new Entry("ps", "List the nodes of the local cluster", DevCommands::ps),
            new Entry(
                "kill",
                "Kill a node's daemon and tasks, as if its power failed",
                () -> onNode("kill", "Kill", DevCommands::kill)),
            new Entry(
                "start",
                "Start a node that was killed",
                () -> onNode("start", "Start", DevCluster::startAndAwait)),
            new Entry(
                "pause",
                "Freeze a node's daemon and tasks",
                () -> onNode("pause", "Freeze", (cluster, node) -> node.signalAll("STOP"))),
            new Entry(
                "unpause",
                "Let a frozen node go on",
                () -> onNode("unpause", "Unfreeze", (cluster, node) -> node.signalAll("CONT"))),
            new Entry("down", "Remove the local cluster", DevCommands::down)));
  }

  private static Leaf up() {
    return Leaf.of(
            "[OPTIONS]",
            "Start a local cluster and wait until all its nodes are ready. Its state is below"
                + " ~/.local/share/skein/dev, or $SKEIN_DEV_ROOT.")
        .flags(
            Flag.of("managers", "uint", "Number of managers: 1, 3, 5 or 7", Flag::readUnsigned)
                .byDefault(String.valueOf(MANAGERS_DEFAULT)),
            Flag.of("workers", "uint", "Number of other nodes", Flag::readUnsigned)
                .byDefault(String.valueOf(WORKERS_DEFAULT)),
            Flag.bool(
                "isolated",
                (char) 0,
                "Give each node a network and a disk of its own, for experiments (root)"),
            Flag.bool("demo", (char) 0, "Create a service, call it through every node, scale it"))
        .examples(
            "skein dev up --demo",
            "skein dev up --managers 1 --workers 0",
            "skein dev up --isolated")
        .does(
            (context, arguments) -> {
              var managers = count(arguments, "managers", MANAGERS_DEFAULT);
              var workers = count(arguments, "workers", WORKERS_DEFAULT);
              if (managers < 1 || managers > 7 || managers % 2 == 0) {
                throw new UsageException(
                    "--managers " + managers + ": an odd number from 1 to 7 keeps the best quorum");
              }
              if (managers + workers > DevCluster.NODES_MAX) {
                throw new UsageException(
                    "more than " + DevCluster.NODES_MAX + " nodes are too many for one machine");
              }
              var cluster = DevCluster.of(context);
              var isolated = arguments.is("isolated");
              if (isolated && arguments.is("demo")) {
                throw new UsageException(
                    "--demo calls the nodes from this machine's network, which --isolated nodes are"
                        + " not in");
              }
              cluster.up(managers, workers, isolated);
              show(context, cluster);
              if (arguments.is("demo")) {
                new DevDemo(context, cluster).run();
              }
              context
                  .out()
                  .println("To use this cluster:  export SKEIN_HOST=" + cluster.reachable().host());
              context.out().println("To remove it:         skein dev down");
              return ExitCode.SUCCESS;
            });
  }

  private static int count(Arguments arguments, String flag, long otherwise) {
    var given = arguments.get(flag, Long.class);
    return (int) Math.min(given == null ? otherwise : given, Integer.MAX_VALUE / 2);
  }

  private static Leaf ps() {
    return Leaf.of("", "List the nodes of the local cluster.")
        .examples("skein dev ps")
        .does(
            (context, arguments) -> {
              show(context, DevCluster.of(context));
              return ExitCode.SUCCESS;
            });
  }

  private static void show(CommandContext context, DevCluster cluster) throws IOException {
    var lines = new ArrayList<>(List.of("NODE\tADDRESS\tSTATE\tPID\tHOST"));
    for (var node : cluster.nodes()) {
      var pid = node.process().map(process -> Long.toString(process.pid())).orElse("-");
      lines.add(String.join("\t", node.name(), node.address(), node.state(), pid, node.host()));
    }
    context.out().print(Table.align(lines));
    context.out().flush();
  }

  private static Leaf down() {
    return Leaf.of("", "End all daemons and tasks of the local cluster, and remove its state.")
        .examples("skein dev down")
        .does(
            (context, arguments) -> {
              DevCluster.of(context).down();
              return ExitCode.SUCCESS;
            });
  }

  /// What is done to one node.
  @FunctionalInterface
  private interface NodeAction {
    void on(DevCluster cluster, DevNode node) throws IOException;
  }

  private static Leaf onNode(String word, String does, NodeAction action) {
    return Leaf.of("NODE [NODE...]", does + " nodes of the local cluster.")
        .arguments(1, DevCluster.NODES_MAX)
        .examples("skein dev " + word + " m1")
        .does(
            (context, arguments) -> {
              var cluster = DevCluster.of(context);
              for (var name : arguments.positional()) {
                action.on(cluster, cluster.node(name));
                context.out().println(name);
              }
              return ExitCode.SUCCESS;
            });
  }

  private static void kill(DevCluster cluster, DevNode node) throws IOException {
    node.signalAll("KILL");
    cluster.await(10, node.name() + " does not end", () -> node.process().isEmpty());
  }
}
