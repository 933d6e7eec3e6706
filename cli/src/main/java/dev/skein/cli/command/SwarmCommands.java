package dev.skein.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.GoDuration;
import java.io.IOException;
import java.util.List;

/// `skein swarm …`
final class SwarmCommands {
  private static final Flag ADVERTISE =
      Flag.string(
          "advertise-addr",
          (char) 0,
          "string",
          "Address that other nodes reach this one at (format: <ip|interface>[:port])");
  private static final Flag LISTEN =
      Flag.string(
              "listen-addr",
              (char) 0,
              "node-addr",
              "Address to listen at (format: <ip|interface>[:port])")
          .byDefault("0.0.0.0:2377");
  private static final Flag AVAILABILITY =
      Flag.choice("availability", "What the node may be given", "active", "pause", "drain")
          .byDefault("active");
  private static final Flag CERT_EXPIRY =
      Flag.of(
          "cert-expiry",
          "duration",
          "How long a node's certificate is valid, for example 2160h",
          GoDuration::parse);
  private static final Flag HEARTBEAT =
      Flag.of(
          "dispatcher-heartbeat",
          "duration",
          "How often nodes report to a manager",
          GoDuration::parse);
  private static final Flag HISTORY =
      Flag.of(
          "task-history-limit",
          "uint",
          "How many finished tasks are kept for each slot",
          Flag::readUnsigned);
  private static final Flag SNAPSHOT_INTERVAL =
      Flag.of(
          "snapshot-interval", "uint", "Log entries between Raft snapshots", Flag::readUnsigned);

  private static final Flag AUTO_REBALANCE =
      Flag.bool(
          "auto-rebalance",
          (char) 0,
          "Spread tasks anew by itself when a node has joined or returned");
  static final Flag EPHEMERAL =
      Flag.bool(
          "ephemeral",
          (char) 0,
          "Remove this worker by itself when it has been down for --ephemeral-after");
  static final Flag EPHEMERAL_AFTER =
      Flag.of(
              "ephemeral-after",
              "duration",
              "How long an ephemeral worker is down before it is removed",
              GoDuration::parse)
          .byDefault("10m");
  private static final Flag STRATEGY =
      PlacementFlags.strategy("How tasks of services that name no strategy are placed");

  private SwarmCommands() {}

  /// Writes whether a node is ephemeral into its specification or into the request to join.
  static void addEphemeral(JsonObject spec, Arguments arguments) {
    Boolean ephemeral = arguments.get("ephemeral", Boolean.class);
    if (ephemeral != null) {
      spec.addProperty("Ephemeral", ephemeral);
    }
    Long after = arguments.get("ephemeral-after", Long.class);
    if (after != null) {
      spec.addProperty("EphemeralAfter", after);
    }
  }

  static Group group() {
    return new Group(
        "Make, join and manage a swarm",
        List.of(
            new Entry("init", "Make this node the first manager of a swarm", SwarmCommands::init),
            new Entry("join", "Join a swarm as a manager or a worker", SwarmCommands::join),
            new Entry(
                "join-token", "Show or change the tokens for joining", SwarmCommands::joinToken),
            new Entry("leave", "Leave the swarm", SwarmCommands::leave),
            new Entry("update", "Change the swarm's settings", SwarmCommands::update),
            new Entry("rebalance", "Spread the tasks of all services anew", Rebalance::swarm),
            new Entry(
                "consolidate",
                "Empty nodes by packing tasks onto others",
                Rebalance::consolidate)));
  }

  static Leaf init() {
    return Leaf.of("[OPTIONS]", "Make this node the first manager of a new swarm.")
        .flags(
            ADVERTISE,
            LISTEN,
            AVAILABILITY,
            CERT_EXPIRY.byDefault("2160h0m0s"),
            HEARTBEAT.byDefault("5s"),
            HISTORY.byDefault("5"),
            SNAPSHOT_INTERVAL.byDefault("10000"),
            STRATEGY.byDefault("spread"),
            Flag.bool(
                "force-new-cluster",
                (char) 0,
                "Recover from a lost quorum: keep the state, with this node as the only manager"))
        .examples(
            "skein swarm init",
            "skein swarm init --advertise-addr 192.168.99.100",
            "skein swarm init --force-new-cluster")
        .does(SwarmCommands::runInit);
  }

  private static int runInit(CommandContext context, Arguments arguments) throws IOException {
    JsonObject request = new JsonObject();
    String listen = arguments.text("listen-addr");
    request.addProperty("ListenAddr", listen == null ? "0.0.0.0:2377" : listen);
    addIfGiven(request, "AdvertiseAddr", arguments, "advertise-addr");
    String availability = arguments.text("availability");
    request.addProperty("Availability", availability == null ? "active" : availability);
    request.addProperty("ForceNewCluster", arguments.is("force-new-cluster"));
    JsonObject spec = new JsonObject();
    applySettings(spec, arguments);
    request.add("Spec", spec);
    try (EngineClient client = context.client()) {
      JsonElement answer = client.post("/swarm/init", request);
      String id = answer.isJsonPrimitive() ? answer.getAsString() : "";
      context.out().println("Swarm initialized: current node (" + id + ") is now a manager.\n");
      printJoin(context, client, id, "worker");
      context
          .out()
          .println(
              "To add a manager to this swarm, run 'skein swarm join-token manager' and follow the"
                  + " instructions.\n");
    }
    return ExitCode.SUCCESS;
  }

  private static void applySettings(JsonObject spec, Arguments arguments) {
    Long expiry = arguments.get("cert-expiry", Long.class);
    if (expiry != null) {
      Json.make(spec, "CAConfig").addProperty("NodeCertExpiry", expiry);
    }
    Long heartbeat = arguments.get("dispatcher-heartbeat", Long.class);
    if (heartbeat != null) {
      Json.make(spec, "Dispatcher").addProperty("HeartbeatPeriod", heartbeat);
    }
    Long history = arguments.get("task-history-limit", Long.class);
    if (history != null) {
      Json.make(spec, "Orchestration").addProperty("TaskHistoryRetentionLimit", history);
    }
    Boolean autoRebalance = arguments.get("auto-rebalance", Boolean.class);
    if (autoRebalance != null) {
      Json.make(spec, "Orchestration").addProperty("AutoRebalance", autoRebalance);
    }
    String strategy = arguments.text("placement-strategy");
    if (strategy != null) {
      Json.make(spec, "Orchestration").addProperty("PlacementStrategy", strategy);
    }
    Long interval = arguments.get("snapshot-interval", Long.class);
    if (interval != null) {
      Json.make(spec, "Raft").addProperty("SnapshotInterval", interval);
    }
  }

  private static void addIfGiven(
      JsonObject request, String field, Arguments arguments, String flag) {
    String value = arguments.text(flag);
    if (value != null) {
      request.addProperty(field, value);
    }
  }

  static Leaf join() {
    return Leaf.of(
            "[OPTIONS] HOST:PORT", "Join a swarm; the token says whether as manager or worker.")
        .flags(
            Flag.string("token", (char) 0, "string", "Token of the swarm, from 'join-token'"),
            ADVERTISE,
            LISTEN,
            AVAILABILITY,
            EPHEMERAL,
            EPHEMERAL_AFTER)
        .arguments(1, 1)
        .examples("skein swarm join --token SWMTKN-1-… 192.168.99.100:2377")
        .does(SwarmCommands::runJoin);
  }

  private static int runJoin(CommandContext context, Arguments arguments) throws IOException {
    String token = arguments.text("token");
    if (token == null || token.isEmpty()) {
      throw new UsageException("--token is missing: run 'skein swarm join-token' on a manager");
    }
    JsonObject request = new JsonObject();
    String listen = arguments.text("listen-addr");
    request.addProperty("ListenAddr", listen == null ? "0.0.0.0:2377" : listen);
    addIfGiven(request, "AdvertiseAddr", arguments, "advertise-addr");
    JsonArray remotes = new JsonArray();
    remotes.add(arguments.argument(0));
    request.add("RemoteAddrs", remotes);
    request.addProperty("JoinToken", token);
    String availability = arguments.text("availability");
    request.addProperty("Availability", availability == null ? "active" : availability);
    addEphemeral(request, arguments);
    try (EngineClient client = context.client()) {
      client.post("/swarm/join", request);
      boolean manager = Json.flag(client.object("/info"), "Swarm.ControlAvailable");
      context.out().println("This node joined a swarm as a " + (manager ? "manager." : "worker."));
    }
    return ExitCode.SUCCESS;
  }

  static Leaf joinToken() {
    return Leaf.of("[OPTIONS] (worker|manager)", "Show or change the token for joining.")
        .flags(
            Flag.bool("rotate", (char) 0, "Make a new token; the old one is void"),
            Flag.bool("quiet", 'q', "Print only the token"))
        .arguments(1, 1)
        .words("worker", "manager")
        .examples("skein swarm join-token worker", "skein swarm join-token --rotate -q manager")
        .does(SwarmCommands::runJoinToken);
  }

  private static int runJoinToken(CommandContext context, Arguments arguments) throws IOException {
    String role = arguments.argument(0);
    if (!role.equals("worker") && !role.equals("manager")) {
      throw new UsageException("unknown role \"" + role + "\": worker or manager");
    }
    boolean quiet = arguments.is("quiet");
    try (EngineClient client = context.client()) {
      if (arguments.is("rotate")) {
        JsonObject swarm = client.object("/swarm");
        client.post(
            Query.of("/swarm/update")
                .with("version", Json.number(swarm, "Version.Index", 0))
                .with(role.equals("worker") ? "rotateWorkerToken" : "rotateManagerToken", "true")
                .toString(),
            Json.object(swarm, "Spec"));
        if (!quiet) {
          context.out().println("Successfully rotated " + role + " join token.\n");
        }
      }
      if (quiet) {
        context.out().println(token(client.object("/swarm"), role));
      } else {
        printJoin(context, client, Json.text(client.object("/info"), "Swarm.NodeID"), role);
      }
    }
    return ExitCode.SUCCESS;
  }

  private static String token(JsonObject swarm, String role) {
    return Json.text(swarm, role.equals("worker") ? "JoinTokens.Worker" : "JoinTokens.Manager");
  }

  private static void printJoin(
      CommandContext context, EngineClient client, String nodeId, String role) throws IOException {
    JsonObject node = client.object(Query.of("/nodes", nodeId).toString());
    JsonObject swarm = client.object("/swarm");
    context.out().println("To add a " + role + " to this swarm, run the following command:\n");
    context
        .out()
        .println(
            "    skein swarm join --token "
                + token(swarm, role)
                + " "
                + Json.text(node, "ManagerStatus.Addr")
                + "\n");
  }

  static Leaf leave() {
    return Leaf.of("[OPTIONS]", "Leave the swarm.")
        .flags(
            Flag.bool("force", 'f', "Leave even as a manager, and even if this costs the quorum"))
        .examples("skein swarm leave", "skein swarm leave --force")
        .does(
            (context, arguments) -> {
              try (EngineClient client = context.client()) {
                client.post("/swarm/leave" + (arguments.is("force") ? "?force=1" : ""), null);
              }
              context.out().println("Node left the swarm.");
              return ExitCode.SUCCESS;
            });
  }

  static Leaf update() {
    return Leaf.of("[OPTIONS]", "Change the swarm's settings.")
        .flags(CERT_EXPIRY, HEARTBEAT, HISTORY, SNAPSHOT_INTERVAL, STRATEGY, AUTO_REBALANCE)
        .examples(
            "skein swarm update --task-history-limit 3 --dispatcher-heartbeat 2s",
            "skein swarm update --placement-strategy binpack",
            "skein swarm update --auto-rebalance")
        .does(
            (context, arguments) -> {
              try (EngineClient client = context.client()) {
                JsonObject swarm = client.object("/swarm");
                JsonObject spec = Json.object(swarm, "Spec");
                applySettings(spec, arguments);
                client.post(
                    Query.of("/swarm/update")
                        .with("version", Json.number(swarm, "Version.Index", 0))
                        .toString(),
                    spec);
              }
              context.out().println("Swarm updated.");
              return ExitCode.SUCCESS;
            });
  }
}
