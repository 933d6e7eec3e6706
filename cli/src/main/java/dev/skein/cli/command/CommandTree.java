package dev.skein.cli.command;

import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import java.util.List;
import java.util.ServiceLoader;

/// All commands of the program.
final class CommandTree {
  private CommandTree() {}

  static Group root() {
    return new Group(
        "A cluster manager: services on many nodes, kept running and reachable.",
        List.of(
            new Entry("swarm", "Make, join and manage a swarm", SwarmCommands::group),
            new Entry("node", "Manage the nodes of a swarm", NodeCommands::group),
            new Entry("service", "Manage services", ServiceCommands::group),
            new Entry("task", "Inspect tasks", TaskInspection::group),
            new Entry(
                "dev", "Run a whole cluster on this machine", () -> CommandTree.provided("dev")),
            new Entry(
                "chaos",
                "Hurt a cluster on purpose, and see what it keeps",
                () -> CommandTree.provided("chaos")),
            new Entry("top", "Show what nodes and services use", Stats::cluster),
            new Entry("events", "Show what happens in the swarm", EventsCommand::leaf),
            new Entry("info", "Show the state of the daemon and its swarm", InfoCommand::leaf),
            new Entry("version", "Show the versions of client and daemon", VersionCommand::leaf),
            new Entry(
                "completion", "Print a completion script for a shell", CompletionCommand::leaf),
            new Entry(
                "daemon", "Run the daemon of this node", () -> CommandTree.provided("daemon")),
            new Entry("whoami", "Run the sample service", WhoamiCommand::leaf)));
  }

  private static Command provided(String name) {
    for (CommandProvider provider : ServiceLoader.load(CommandProvider.class)) {
      if (provider.name().equals(name)) {
        return provider.command();
      }
    }
    return Command.Leaf.of("", "Not in this build.")
        .optionsFirst()
        .arguments(0, Integer.MAX_VALUE)
        .does(
            (context, arguments) -> {
              throw new FailureException("This build of skein has no command '" + name + "'.");
            });
  }
}
