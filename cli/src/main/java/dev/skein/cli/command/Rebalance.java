package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Json;
import dev.skein.cli.format.Listing;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/// `skein service rebalance`, `skein swarm rebalance` and `skein swarm consolidate`
final class Rebalance {
  private static final long WAIT_NANOS = 300_000_000;
  private static final String TABLE = "{{.Task}}\t{{.From}}\t{{.To}}";

  private static final Flag DRY_RUN =
      Flag.bool("dry-run", (char) 0, "Show what would be moved, and move nothing");
  private static final Flag MAX_MOVES =
      Flag.of("max-moves", "uint", "Tasks that are on their way at once", Flag::readPositive)
          .byDefault("1");
  private static final Flag DETACH = Flag.bool("detach", 'd', "Do not wait until all are moved");

  private Rebalance() {}

  static Leaf service() {
    return Leaf.of(
            "[OPTIONS] SERVICE",
            "Spread a service's tasks evenly over the nodes that may have them. On each move the"
                + " new task runs before the old one is stopped, whatever the update order is.")
        .flags(DRY_RUN, MAX_MOVES, DETACH, Filters.FORMAT.byDefault("table"))
        .arguments(1, 1)
        .naming(Naming.SERVICES)
        .examples("skein service rebalance --dry-run web", "skein service rebalance web")
        .does(
            (context, arguments) ->
                run(
                    context,
                    arguments,
                    Query.of("/skein/v1/services", arguments.argument(0)).path("/rebalance"),
                    arguments.is("dry-run")));
  }

  static Leaf swarm() {
    return Leaf.of(
            "[OPTIONS]",
            "Spread the tasks of all services evenly, and even out how many tasks nodes have where"
                + " that spreads no service worse.")
        .flags(
            DRY_RUN,
            MAX_MOVES,
            DETACH,
            Flag.bool("stop", (char) 0, "Begin no further moves of what is under way"),
            Filters.FORMAT.byDefault("table"))
        .examples(
            "skein swarm rebalance --dry-run",
            "skein swarm rebalance --max-moves 3 --detach",
            "skein swarm rebalance --stop")
        .does(
            (context, arguments) -> {
              if (!arguments.is("stop")) {
                return run(
                    context,
                    arguments,
                    Query.of("/skein/v1/swarm/rebalance"),
                    arguments.is("dry-run"));
              }
              try (EngineClient client = context.client()) {
                client.post("/skein/v1/swarm/rebalance/stop", null);
              }
              context.out().println("Stopped: what is on its way arrives, nothing else is moved.");
              return ExitCode.SUCCESS;
            });
  }

  static Leaf consolidate() {
    return Leaf.of(
            "[OPTIONS]",
            "Show which nodes could be emptied by packing their tasks onto others by what they"
                + " reserve. With --apply these nodes are paused and their tasks moved.")
        .flags(
            Flag.bool("dry-run", (char) 0, "Move nothing, as without --apply"),
            Flag.bool("apply", (char) 0, "Pause the nodes and move their tasks"),
            MAX_MOVES,
            DETACH,
            Filters.FORMAT.byDefault("table"))
        .examples("skein swarm consolidate --dry-run", "skein swarm consolidate --apply")
        .does(
            (context, arguments) -> {
              if (arguments.is("dry-run") && arguments.is("apply")) {
                throw new UsageException("--dry-run and --apply do not go together");
              }
              return run(
                  context,
                  arguments,
                  Query.of("/skein/v1/swarm/consolidate"),
                  !arguments.is("apply"));
            });
  }

  private static int run(CommandContext context, Arguments arguments, Query query, boolean dryRun)
      throws IOException {
    Long maxMoves = arguments.get("max-moves", Long.class);
    if (maxMoves != null) {
      query.with("maxMoves", maxMoves);
    }
    if (dryRun) {
      query.with("dryRun", "1");
    }
    try (EngineClient client = context.client()) {
      JsonElement answer = client.post(query.toString(), null);
      Names names = new Names(client);
      context.out().print(moves(answer, names).render(arguments.text("format"), false));
      for (JsonElement node : Json.array(answer, "EmptiedNodeIDs")) {
        context.out().println("emptied: " + names.node(node.getAsString()));
      }
      for (JsonElement remark : Json.array(answer, "Remarks")) {
        context
            .out()
            .println(
                "stays: "
                    + names.node(Json.text(remark, "NodeID"))
                    + ": "
                    + Json.text(remark, "Text"));
      }
      context.out().flush();
      return dryRun || arguments.is("detach")
          ? ExitCode.SUCCESS
          : follow(context, client, Json.text(answer, "ID"));
    }
  }

  private static Listing moves(JsonElement answer, Names names) {
    Listing listing =
        new Listing(TABLE, "Task").field("Task", "TASK").field("From", "FROM").field("To", "TO");
    for (JsonElement move : Json.array(answer, "Moves")) {
      JsonObject row = new JsonObject();
      row.addProperty(
          "Task", names.service(Json.text(move, "ServiceID")) + "." + Json.text(move, "Slot"));
      row.addProperty("From", names.node(Json.text(move, "FromNodeID")));
      row.addProperty("To", names.node(Json.text(move, "ToNodeID")));
      listing.add(row);
    }
    return listing;
  }

  /// Waits until the rearrangement is over, and says what came of it.
  private static int follow(CommandContext context, EngineClient client, String id)
      throws IOException {
    context.interrupts().arm();
    while (true) {
      JsonObject now = Json.object(client.object("/swarm"), "Rearrangement");
      if (!Json.text(now, "ID").equals(id)) {
        context.out().println("Another rearrangement was begun since.");
        return ExitCode.SUCCESS;
      }
      String state = Json.text(now, "State");
      if (!state.equals("moving")) {
        boolean completed = state.equals("completed");
        (completed ? context.out() : context.err()).println(Json.text(now, "Message"));
        return completed ? ExitCode.SUCCESS : ExitCode.FAILURE;
      }
      if (context.interrupts().await(WAIT_NANOS)) {
        context.out().println("Operation continuing in background.");
        return ExitCode.SUCCESS;
      }
    }
  }

  /// What ids are called.
  private static final class Names {
    private final Map<String, String> nodes = new HashMap<>();
    private final Map<String, String> services = new HashMap<>();

    Names(EngineClient client) throws IOException {
      for (JsonElement node : client.list("/nodes")) {
        nodes.put(Json.text(node, "ID"), Json.text(node, "Description.Hostname"));
      }
      for (JsonElement service : client.list("/services")) {
        services.put(Json.text(service, "ID"), Json.text(service, "Spec.Name"));
      }
    }

    String node(String id) {
      return nodes.getOrDefault(id, id);
    }

    String service(String id) {
      return services.getOrDefault(id, id);
    }
  }
}
