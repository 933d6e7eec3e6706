package dev.skein.cli.command;

import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Json;
import dev.skein.cli.progress.ServiceProgress;
import java.io.IOException;

/// `skein service rollback` and `skein service promote`: the two ways on from a canary.
final class ServiceRollback {
  private ServiceRollback() {}

  static Leaf rollback() {
    return Leaf.of(
            "[OPTIONS] SERVICE",
            "Go back to the specification before a service's last update, and wait until its tasks"
                + " are replaced.")
        .flags(ServiceFlags.DETACH, ServiceFlags.QUIET)
        .arguments(1, 1)
        .naming(Naming.SERVICES)
        .examples("skein service rollback web", "skein service rollback --detach web")
        .does(
            (context, arguments) ->
                run(
                    context,
                    arguments,
                    true,
                    (client, service) ->
                        ServiceUpdate.post(client, service, Json.make(service, "Spec"), true)));
  }

  static Leaf promote() {
    return Leaf.of(
            "[OPTIONS] SERVICE",
            "Go on with an update that waits after its canaries (see update --update-canary), and"
                + " wait until the other tasks are replaced.")
        .flags(ServiceFlags.DETACH, ServiceFlags.QUIET)
        .arguments(1, 1)
        .naming(Naming.SERVICES)
        .examples("skein service promote web")
        .does(
            (context, arguments) ->
                run(
                    context,
                    arguments,
                    false,
                    (client, service) ->
                        client.post(
                            Query.of("/skein/v1/services", Json.text(service, "ID"))
                                .path("/promote")
                                .with("version", Json.number(service, "Version.Index", 0))
                                .toString(),
                            new JsonObject())));
  }

  private interface Request {
    void send(EngineClient client, JsonObject service) throws IOException;
  }

  private static int run(
      CommandContext context, Arguments arguments, boolean rollback, Request request)
      throws IOException {
    String name = arguments.argument(0);
    try (EngineClient client = context.client()) {
      JsonObject service = ServiceCommands.require(client, name);
      request.send(client, service);
      context.out().println(name);
      context.out().flush();
      return arguments.is("detach")
          ? ExitCode.SUCCESS
          : ServiceProgress.follow(
              context, client, Json.text(service, "ID"), arguments.is("quiet"), rollback);
    }
  }
}
