package dev.skein.cli.command;

import com.google.gson.JsonObject;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import java.io.IOException;
import java.util.List;

/// `skein service …`
final class ServiceCommands {
  private ServiceCommands() {}

  static Group group() {
    return new Group(
        "Manage services",
        List.of(
            new Entry("create", "Create a service", ServiceCreate::leaf),
            new Entry("ls", List.of("list"), "List the services", ServiceListing::leaf),
            new Entry("ps", "List the tasks of services", ServiceTasks::leaf),
            new Entry("inspect", "Show everything about services", ServiceInspection::leaf),
            new Entry("explain", "Tell why services are not as desired", ServiceExplain::leaf),
            new Entry("scale", "Set how many tasks services have", ServiceScale::leaf),
            new Entry("update", "Change a service", ServiceUpdate::leaf),
            new Entry(
                "autoscale",
                "Have a service scaled by what is asked of it",
                ServiceAutoscale::leaf),
            new Entry("rebalance", "Spread a service's tasks anew", Rebalance::service),
            new Entry("stats", "Show what the tasks of a service use", Stats::service),
            new Entry("rollback", "Undo a service's last update", ServiceRollback::rollback),
            new Entry(
                "promote", "Go on with an update after its canaries", ServiceRollback::promote),
            new Entry("logs", "Show what tasks have printed", ServiceLogs::leaf),
            new Entry("rm", List.of("remove"), "Remove services", ServiceCommands::rm)));
  }

  /// A service by id or name, without the defaults of what its specification leaves out.
  static JsonObject get(EngineClient client, String reference) throws IOException {
    return client.object(Query.of("/services", reference).toString());
  }

  /// A service by id or name, or a message that there is none.
  static JsonObject require(EngineClient client, String reference) throws IOException {
    try {
      return get(client, reference);
    } catch (ApiException e) {
      if (e.status() == 404) {
        throw new FailureException("no such service: " + reference);
      }
      throw e;
    }
  }

  static Leaf rm() {
    return Leaf.of("SERVICE [SERVICE...]", "Remove services and stop their tasks.")
        .arguments(1, Integer.MAX_VALUE)
        .naming(Naming.SERVICES)
        .examples("skein service rm web")
        .does(
            (context, arguments) -> {
              try (EngineClient client = context.client()) {
                return Each.of(
                    context,
                    arguments,
                    name -> {
                      client.delete(Query.of("/services", name).toString());
                      context.out().println(name);
                    });
              }
            });
  }
}
