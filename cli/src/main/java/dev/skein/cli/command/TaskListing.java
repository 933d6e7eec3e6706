package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.format.Human;
import dev.skein.cli.format.Json;
import dev.skein.cli.format.Listing;
import dev.skein.cli.format.NaturalOrder;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Lists tasks, for `service ps` and `node ps`.
final class TaskListing {
  static final List<Flag> FLAGS =
      List.of(
          Filters.FILTER,
          Filters.FORMAT.byDefault("table"),
          Flag.bool("no-resolve", (char) 0, "Print ids rather than names"),
          Filters.NO_TRUNC,
          Flag.bool("quiet", 'q', "Print only ids of tasks"));

  private static final String TABLE =
      "{{.ID}}\t{{.Name}}\t{{.Image}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}"
          + "\t{{.Error}}\t{{.Ports}}";
  private static final int ERROR_WIDTH = 30;

  private final CommandContext context;
  private final EngineClient client;
  private final Arguments arguments;
  private final Map<String, List<String>> filters;
  private final boolean full;

  TaskListing(CommandContext context, EngineClient client, Arguments arguments) {
    this.context = context;
    this.client = client;
    this.arguments = arguments;
    this.filters = Filters.of(arguments);
    this.full = arguments.is("no-trunc");
  }

  /// Narrows the list, on top of the user's own filters.
  void require(String key, String value) {
    filters.computeIfAbsent(key, _ -> new ArrayList<>()).add(value);
  }

  void print() throws IOException {
    // The user may name a node by its hostname; the API filters by id.
    if (filters.containsKey("node")) {
      filters.replace("node", nodeIds(filters.getOrDefault("node", List.of())));
    }
    List<JsonObject> tasks = new ArrayList<>();
    for (JsonElement task : client.list(Query.of("/tasks").filters(filters).toString())) {
      tasks.add(task.getAsJsonObject());
    }
    boolean idsOnly = arguments.is("quiet") && !arguments.has("format");
    Map<String, String> services = new HashMap<>();
    Map<String, String> nodes = new HashMap<>();
    if (!idsOnly && !arguments.is("no-resolve") && !tasks.isEmpty()) {
      names("/services", "Spec.Name", services);
      names("/nodes", "Description.Hostname", nodes);
    }
    tasks.sort((a, b) -> compare(a, b, services));
    Listing listing = listing();
    String previous = "";
    for (JsonObject task : tasks) {
      String name = name(task, services);
      JsonObject row = row(task, name, nodes);
      if (name.equals(previous)) {
        row.addProperty("Name", " \\_ " + name);
      }
      previous = name;
      listing.add(row);
    }
    context.out().print(listing.render(arguments.text("format"), arguments.is("quiet")));
  }

  private List<String> nodeIds(List<String> references) throws IOException {
    List<String> ids = new ArrayList<>();
    for (String reference : references) {
      try {
        ids.add(Json.text(NodeCommands.get(client, reference), "ID"));
      } catch (ApiException unknown) {
        if (unknown.status() != 404) {
          throw unknown;
        }
        ids.add(reference);
      }
    }
    return ids;
  }

  private void names(String target, String path, Map<String, String> names) throws IOException {
    for (JsonElement object : client.list(target)) {
      names.put(Json.text(object, "ID"), Json.text(object, path));
    }
  }

  private static Listing listing() {
    return new Listing(TABLE, "ID")
        .field("ID", "ID")
        .field("Name", "NAME")
        .field("Image", "IMAGE")
        .field("Node", "NODE")
        .field("DesiredState", "DESIRED STATE")
        .field("CurrentState", "CURRENT STATE")
        .field("Error", "ERROR")
        .field("Ports", "PORTS");
  }

  // By name, the newest first. Not Comparator.comparing: its lambda can't come from the start-up
  // cache.
  private static int compare(JsonObject a, JsonObject b, Map<String, String> services) {
    int byName = NaturalOrder.INSTANCE.compare(name(a, services), name(b, services));
    return byName != 0 ? byName : created(b).compareTo(created(a));
  }

  private static Instant created(JsonObject task) {
    Instant at = Human.instant(Json.text(task, "CreatedAt"));
    return at == null ? Instant.EPOCH : at;
  }

  private static String name(JsonObject task, Map<String, String> services) {
    String service = Json.text(task, "ServiceID");
    String known = services.getOrDefault(service, service);
    long slot = Json.number(task, "Slot", 0);
    return known + "." + (slot == 0 ? Json.text(task, "NodeID") : Long.toString(slot));
  }

  private JsonObject row(JsonObject task, String name, Map<String, String> nodes) {
    JsonObject row = new JsonObject();
    String id = Json.text(task, "ID");
    row.addProperty("ID", full ? id : Human.shortId(id));
    row.addProperty("Name", name);
    row.addProperty("Image", ServiceImage.of(Json.object(task, "Spec"), full));
    String node = Json.text(task, "NodeID");
    row.addProperty("Node", nodes.getOrDefault(node, node));
    row.addProperty("DesiredState", Human.capital(Json.text(task, "DesiredState")));
    Instant since = Human.instant(Json.text(task, "Status.Timestamp"));
    row.addProperty(
        "CurrentState",
        Human.capital(Json.text(task, "Status.State"))
            + (since == null ? "" : " " + Human.ago(since, context.now())));
    row.addProperty("Error", error(task));
    row.addProperty("Ports", hostPorts(task));
    return row;
  }

  private String error(JsonObject task) {
    String error = Json.text(task, "Status.Err");
    if (error.isEmpty()) {
      return "";
    }
    return "\"" + (full ? error : Human.ellipsis(error, ERROR_WIDTH)) + "\"";
  }

  private static String hostPorts(JsonObject task) {
    List<String> ports = new ArrayList<>();
    for (JsonElement port : Json.array(task, "Status.PortStatus.Ports")) {
      ports.add(
          "*:"
              + Json.text(port, "PublishedPort")
              + "->"
              + Json.text(port, "TargetPort")
              + "/"
              + Json.text(port, "Protocol"));
    }
    return String.join(",", ports);
  }
}
