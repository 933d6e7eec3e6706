package dev.skein.cli.command;

import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.GoDuration;
import dev.skein.cli.value.KeyValue;
import java.io.IOException;
import java.util.List;

/// `skein node …`
final class NodeCommands {
  private NodeCommands() {}

  static Group group() {
    return new Group(
        "Manage the nodes of a swarm",
        List.of(
            new Entry("ls", List.of("list"), "List the nodes", NodeListing::leaf),
            new Entry("inspect", "Show everything about nodes", NodeInspection::leaf),
            new Entry("ps", "List the tasks on nodes", NodeCommands::ps),
            new Entry("top", "Show what nodes and their tasks use", Stats::node),
            new Entry("promote", "Make nodes managers", NodeCommands::promote),
            new Entry("demote", "Make managers workers", NodeCommands::demote),
            new Entry("lead", "Make a manager the leader", NodeCommands::lead),
            new Entry("update", "Change a node", NodeCommands::update),
            new Entry("rm", List.of("remove"), "Remove nodes from the swarm", NodeCommands::rm)));
  }

  /// The id for the path of a request: `self` is the daemon's own node.
  static String id(EngineClient client, String reference) throws IOException {
    if (!reference.equals("self")) {
      return reference;
    }
    String own = Json.text(client.object("/info"), "Swarm.NodeID");
    if (own.isEmpty()) {
      throw new FailureException(
          "This node is not in a swarm. Make one with 'skein swarm init', or join one.");
    }
    return own;
  }

  static JsonObject get(EngineClient client, String reference) throws IOException {
    return client.object(Query.of("/nodes", id(client, reference)).toString());
  }

  static Leaf ps() {
    return Leaf.of(
            "[OPTIONS] [NODE...]",
            "List the tasks on nodes; without a name, on the node that answers.")
        .flags(TaskListing.FLAGS)
        .arguments(0, Integer.MAX_VALUE)
        .naming(Naming.NODES)
        .examples("skein node ps", "skein node ps --filter desired-state=running node-2")
        .does(
            (context, arguments) -> {
              List<String> nodes =
                  arguments.positional().isEmpty() ? List.of("self") : arguments.positional();
              try (EngineClient client = context.client()) {
                TaskListing listing = new TaskListing(context, client, arguments);
                for (String node : nodes) {
                  listing.require("node", Json.text(get(client, node), "ID"));
                }
                listing.print();
              }
              return ExitCode.SUCCESS;
            });
  }

  static Leaf promote() {
    return roleChange("Make nodes managers.", "promote", "manager");
  }

  static Leaf demote() {
    return roleChange("Make managers workers.", "demote", "worker");
  }

  static Leaf lead() {
    return Leaf.of(
            "NODE",
            "Hand leadership over to a manager, for example before the leader's machine is"
                + " restarted: no write has to wait for an election.")
        .arguments(1, 1)
        .naming(Naming.NODES)
        .examples("skein node lead node-2")
        .does(
            (context, arguments) -> {
              try (EngineClient client = context.client()) {
                String name = arguments.argument(0);
                client.post(
                    Query.of("/skein/v1/nodes", id(client, name)).path("/lead").toString(), null);
                context.out().println("Node " + name + " leads the swarm.");
                return ExitCode.SUCCESS;
              }
            });
  }

  private static Leaf roleChange(String description, String word, String role) {
    return Leaf.of("NODE [NODE...]", description)
        .arguments(1, Integer.MAX_VALUE)
        .naming(Naming.NODES)
        .examples("skein node " + word + " node-2 node-3")
        .does(
            (context, arguments) -> {
              try (EngineClient client = context.client()) {
                return Each.of(context, arguments, name -> changeRole(context, client, name, role));
              }
            });
  }

  private static void changeRole(
      CommandContext context, EngineClient client, String name, String role) throws IOException {
    JsonObject node = get(client, name);
    if (Json.text(node, "Spec.Role").equals(role)) {
      context.out().println("Node " + name + " is already a " + role + ".");
      return;
    }
    JsonObject spec = Json.make(node, "Spec");
    spec.addProperty("Role", role);
    post(client, node, spec);
    context
        .out()
        .println(
            role.equals("manager")
                ? "Node " + name + " promoted to a manager in the swarm."
                : "Manager " + name + " demoted in the swarm.");
  }

  private static void post(EngineClient client, JsonObject node, JsonObject spec)
      throws IOException {
    client.post(
        Query.of("/nodes", Json.text(node, "ID"))
            .path("/update")
            .with("version", Json.number(node, "Version.Index", 0))
            .toString(),
        spec);
  }

  static Leaf update() {
    return Leaf.of("[OPTIONS] NODE", "Change a node.")
        .flags(
            Flag.choice("availability", "What the node may be given", "active", "pause", "drain"),
            Flag.of(
                    "drain-deadline",
                    "duration",
                    "How long a drain spares services that would lose too many tasks at once; 0s"
                        + " moves all tasks at once",
                    GoDuration::parse)
                .byDefault("10m"),
            Flag.choice("role", "What the node is", "worker", "manager"),
            Flag.list("label-add", (char) 0, "list", "Add or change a label (KEY=VALUE)")
                .reading(KeyValue::parse),
            Flag.list("label-rm", (char) 0, "list", "Remove a label by its key"),
            SwarmCommands.EPHEMERAL,
            SwarmCommands.EPHEMERAL_AFTER)
        .arguments(1, 1)
        .naming(Naming.NODES)
        .examples(
            "skein node update --availability drain --drain-deadline 5m node-2",
            "skein node update --label-add disk=ssd --label-rm old node-2")
        .does(NodeCommands::runUpdate);
  }

  private static int runUpdate(CommandContext context, Arguments arguments) throws IOException {
    String name = arguments.argument(0);
    try (EngineClient client = context.client()) {
      JsonObject node = get(client, name);
      JsonObject spec = Json.make(node, "Spec");
      String availability = arguments.text("availability");
      if (availability != null) {
        spec.addProperty("Availability", availability);
      }
      Long deadline = arguments.get("drain-deadline", Long.class);
      if (deadline != null) {
        spec.addProperty("DrainDeadline", deadline);
      }
      String role = arguments.text("role");
      if (role != null) {
        spec.addProperty("Role", role);
      }
      SwarmCommands.addEphemeral(spec, arguments);
      JsonObject labels = Json.make(spec, "Labels");
      for (String key : arguments.texts("label-rm")) {
        if (labels.remove(key) == null) {
          throw new FailureException("key " + key + " doesn't exist in node's labels");
        }
      }
      for (KeyValue label : arguments.all("label-add", KeyValue.class)) {
        labels.addProperty(label.key(), label.value());
      }
      post(client, node, spec);
    }
    context.out().println(name);
    return ExitCode.SUCCESS;
  }

  static Leaf rm() {
    return Leaf.of("[OPTIONS] NODE [NODE...]", "Remove nodes from the swarm.")
        .flags(Flag.bool("force", 'f', "Remove a node although it is not down"))
        .arguments(1, Integer.MAX_VALUE)
        .naming(Naming.NODES)
        .examples("skein node rm node-3", "skein node rm --force node-3")
        .does(
            (context, arguments) -> {
              try (EngineClient client = context.client()) {
                return Each.of(
                    context,
                    arguments,
                    name -> {
                      Query query = Query.of("/nodes", name);
                      if (arguments.is("force")) {
                        query.with("force", "1");
                      }
                      client.delete(query.toString());
                      context.out().println(name);
                    });
              }
            });
  }
}
