package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Human;
import dev.skein.cli.format.Json;
import dev.skein.cli.format.Listing;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/// `skein service stats`, `skein node top` and `skein top`: tables that are drawn anew until `^C`
/// on a terminal, and printed once elsewhere.
final class Stats {
  private static final long PERIOD_NANOS = 2_000_000_000;
  private static final double NANOS_PER_CPU = 1e9;
  private static final String UNKNOWN = "--";

  private static final Flag NO_STREAM =
      Flag.bool("no-stream", (char) 0, "Print once and end, as without a terminal");

  private static final String TASKS =
      "{{.Name}}\t{{.Node}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.BlockIO}}\t{{.PIDs}}";
  private static final String NODES =
      "{{.Name}}\t{{.Tasks}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}";
  private static final String SERVICES =
      "{{.Name}}\t{{.Tasks}}\t{{.CPUs}}\t{{.Memory}}\t{{.Connections}}\t{{.ConnectionRate}}"
          + "\t{{.NetIO}}";

  private Stats() {}

  /// Makes the tables of one answer.
  @FunctionalInterface
  private interface Tables {
    List<Listing> of(JsonObject answer);
  }

  static Leaf service() {
    return Leaf.of(
            "[OPTIONS] SERVICE",
            "Show what the tasks of a service use now, and what goes through the mesh for it.")
        .flags(NO_STREAM, Filters.FORMAT.byDefault("table"))
        .arguments(1, 1)
        .naming(Naming.SERVICES)
        .examples("skein service stats web", "skein service stats --no-stream --format json web")
        .does(
            (context, arguments) ->
                run(
                    context,
                    arguments,
                    Query.of("/skein/v1/services", arguments.argument(0)).path("/stats").toString(),
                    answer -> List.of(tasks(answer), services(answer))));
  }

  static Leaf node() {
    return Leaf.of(
            "[OPTIONS] [NODE]", "Show what nodes use now; with a name, one node and its tasks.")
        .flags(NO_STREAM, Filters.FORMAT.byDefault("table"))
        .arguments(0, 1)
        .naming(Naming.NODES)
        .examples("skein node top", "skein node top node-2", "skein node top --no-stream self")
        .does(Stats::runNode);
  }

  private static int runNode(CommandContext context, Arguments arguments) throws IOException {
    if (arguments.positional().isEmpty()) {
      return run(context, arguments, "/skein/v1/stats", answer -> List.of(nodes(answer)));
    }
    String id;
    try (EngineClient client = context.client()) {
      id = NodeCommands.id(client, arguments.argument(0));
    }
    return run(
        context,
        arguments,
        Query.of("/skein/v1/nodes", id).path("/stats").toString(),
        answer -> List.of(nodes(answer), tasks(answer)));
  }

  static Leaf cluster() {
    return Leaf.of("[OPTIONS]", "Show what nodes and services use now.")
        .flags(NO_STREAM, Filters.FORMAT.byDefault("table"))
        .examples("skein top", "skein top --no-stream")
        .does(
            (context, arguments) ->
                run(
                    context,
                    arguments,
                    "/skein/v1/stats",
                    answer -> List.of(nodes(answer), services(answer))));
  }

  /// With a format of the user's only the first table is printed: a template fits one kind of row.
  private static int run(CommandContext context, Arguments arguments, String path, Tables tables)
      throws IOException {
    String format = arguments.text("format");
    boolean plain = format == null || format.isEmpty() || format.equals("table");
    boolean live = context.terminal() && !arguments.is("no-stream");
    if (live) {
      context.interrupts().arm();
    }
    try (EngineClient client = context.client()) {
      while (true) {
        List<Listing> shown = tables.of(client.object(path));
        StringBuilder text = new StringBuilder(live ? "\u001b[H\u001b[J" : "");
        for (Listing table : plain ? shown : shown.subList(0, 1)) {
          text.append(table == shown.getFirst() ? "" : "\n").append(table.render(format, false));
        }
        context.out().print(text);
        context.out().flush();
        if (!live || context.interrupts().await(PERIOD_NANOS) || context.out().checkError()) {
          return ExitCode.SUCCESS;
        }
      }
    }
  }

  private static Listing tasks(JsonObject answer) {
    Listing listing =
        new Listing(TASKS, "ID")
            .field("ID", "ID")
            .field("Name", "NAME")
            .field("Node", "NODE")
            .field("CPUPerc", "CPU %")
            .field("MemUsage", "MEM USAGE / LIMIT")
            .field("MemPerc", "MEM %")
            .field("BlockIO", "BLOCK I/O PER SECOND")
            .field("PIDs", "PIDS");
    for (JsonElement task : Json.array(answer, "Tasks")) {
      JsonObject row = new JsonObject();
      row.addProperty("ID", Json.text(task, "TaskID"));
      row.addProperty("Name", Json.text(task, "Name"));
      row.addProperty("Node", Json.text(task, "Hostname"));
      boolean known = Json.at(task, "Usage") != null;
      row.addProperty(
          "CPUPerc", known ? cpu((double) Json.number(task, "Usage.NanoCPUs", 0)) : UNKNOWN);
      addMemory(row, task, known);
      row.addProperty("BlockIO", known ? blockIo(task) : UNKNOWN);
      row.addProperty(
          "PIDs", known ? Long.toString(Json.number(task, "Usage.Processes", 0)) : UNKNOWN);
      listing.add(row);
    }
    return listing;
  }

  private static Listing nodes(JsonObject answer) {
    Listing listing =
        new Listing(NODES, "ID")
            .field("ID", "ID")
            .field("Name", "NODE")
            .field("Tasks", "TASKS")
            .field("CPUPerc", "CPU %")
            .field("MemUsage", "MEM USAGE / TOTAL")
            .field("MemPerc", "MEM %")
            .field("NetIO", "NET I/O PER SECOND")
            .field("BlockIO", "BLOCK I/O PER SECOND");
    for (JsonElement node : Json.array(answer, "Nodes")) {
      JsonObject row = new JsonObject();
      row.addProperty("ID", Json.text(node, "NodeID"));
      row.addProperty("Name", Json.text(node, "Hostname"));
      row.addProperty("Tasks", Json.number(node, "RunningTasks", 0));
      boolean known = Json.at(node, "Usage") != null;
      double cpus = Math.max(1, Json.number(node, "Capacity.NanoCPUs", 0) / NANOS_PER_CPU);
      row.addProperty(
          "CPUPerc", known ? cpu(Json.number(node, "Usage.NanoCPUs", 0) / cpus) : UNKNOWN);
      addMemory(row, node, known);
      row.addProperty("NetIO", known ? netIo(Json.object(node, "Usage")) : UNKNOWN);
      row.addProperty("BlockIO", known ? blockIo(node) : UNKNOWN);
      listing.add(row);
    }
    return listing;
  }

  private static Listing services(JsonObject answer) {
    Listing listing =
        new Listing(SERVICES, "ID")
            .field("ID", "ID")
            .field("Name", "SERVICE")
            .field("Tasks", "TASKS")
            .field("CPUs", "CPUS")
            .field("Memory", "MEMORY")
            .field("Connections", "CONNECTIONS")
            .field("ConnectionRate", "CONNECTIONS PER SECOND")
            .field("NetIO", "NET I/O PER SECOND");
    for (JsonElement service : Json.array(answer, "Services")) {
      JsonObject row = new JsonObject();
      row.addProperty("ID", Json.text(service, "ServiceID"));
      row.addProperty("Name", Json.text(service, "Name"));
      row.addProperty("Tasks", Json.number(service, "RunningTasks", 0));
      row.addProperty("CPUs", decimal(Json.number(service, "NanoCPUs", 0) / NANOS_PER_CPU));
      row.addProperty("Memory", Human.bytes(Json.number(service, "MemoryBytes", 0)));
      JsonObject traffic = Json.object(service, "Traffic");
      boolean published = !traffic.isEmpty();
      row.addProperty(
          "Connections", published ? Long.toString(Json.number(traffic, "Open", 0)) : UNKNOWN);
      row.addProperty("ConnectionRate", published ? decimal(rate(traffic)) : UNKNOWN);
      row.addProperty("NetIO", published ? netIo(traffic) : UNKNOWN);
      listing.add(row);
    }
    return listing;
  }

  private static double rate(JsonObject traffic) {
    String text = Json.text(traffic, "ConnectionsPerSecond");
    return text.isEmpty() ? 0 : Double.parseDouble(text);
  }

  private static void addMemory(JsonObject row, JsonElement sample, boolean known) {
    long used = Json.number(sample, "Usage.MemoryBytes", 0);
    long has = Json.number(sample, "Capacity.MemoryBytes", 0);
    row.addProperty("MemUsage", known ? Human.bytes(used) + " / " + Human.bytes(has) : UNKNOWN);
    row.addProperty("MemPerc", known && has > 0 ? decimal(100.0 * used / has) + "%" : UNKNOWN);
  }

  private static String cpu(double nanoCpus) {
    return decimal(100 * nanoCpus / NANOS_PER_CPU) + "%";
  }

  private static String blockIo(JsonElement sample) {
    return Human.bytes(Json.number(sample, "Usage.ReadBytesPerSecond", 0))
        + " / "
        + Human.bytes(Json.number(sample, "Usage.WrittenBytesPerSecond", 0));
  }

  private static String netIo(JsonObject usage) {
    return Human.bytes(Json.number(usage, "ReceivedBytesPerSecond", 0))
        + " / "
        + Human.bytes(Json.number(usage, "SentBytesPerSecond", 0));
  }

  private static String decimal(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
