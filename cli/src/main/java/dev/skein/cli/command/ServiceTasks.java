package dev.skein.cli.command;

import dev.skein.cli.ExitCode;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `skein service ps`
final class ServiceTasks {
  private ServiceTasks() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS] SERVICE [SERVICE...]",
            "List the tasks of services, and for a task that can't run the reason.")
        .flags(TaskListing.FLAGS)
        .arguments(1, Integer.MAX_VALUE)
        .naming(Naming.SERVICES)
        .examples(
            "skein service ps web",
            "skein service ps --no-trunc --filter desired-state=running web api")
        .does(ServiceTasks::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    List<String> missing = new ArrayList<>();
    try (EngineClient client = context.client()) {
      TaskListing listing = new TaskListing(context, client, arguments);
      for (String name : arguments.positional()) {
        try {
          listing.require("service", Json.text(ServiceCommands.get(client, name), "ID"));
        } catch (ApiException e) {
          if (e.status() != 404) {
            throw e;
          }
          missing.add("no such service: " + name);
        }
      }
      if (missing.size() < arguments.positional().size()) {
        listing.print();
      }
    }
    missing.forEach(context.err()::println);
    return missing.isEmpty() ? ExitCode.SUCCESS : ExitCode.FAILURE;
  }
}
