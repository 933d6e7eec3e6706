package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.format.Human;
import dev.skein.cli.format.Json;
import dev.skein.cli.format.Listing;
import dev.skein.cli.format.NaturalOrder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `skein node ls`
final class NodeListing {
  private static final String TABLE =
      "{{.ID}} {{if .Self}}*{{else}} {{end}}\t{{.Hostname}}\t{{.Status}}\t{{.Availability}}"
          + "\t{{.ManagerStatus}}\t{{.EngineVersion}}";

  private NodeListing() {}

  static Leaf leaf() {
    return Leaf.of("[OPTIONS]", "List the nodes of the swarm.")
        .flags(Filters.FILTER, Filters.FORMAT.byDefault("table"), Filters.QUIET)
        .examples(
            "skein node ls",
            "skein node ls --filter role=manager",
            "skein node ls --format '{{.Hostname}}: {{.Status}}'")
        .does(NodeListing::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    List<JsonObject> nodes = new ArrayList<>();
    String self = "";
    try (EngineClient client = context.client()) {
      for (JsonElement node :
          client.list(Query.of("/nodes").filters(Filters.of(arguments)).toString())) {
        nodes.add(node.getAsJsonObject());
      }
      if (!arguments.is("quiet") || arguments.has("format")) {
        self = Json.text(client.object("/info"), "Swarm.NodeID");
      }
    }
    // Not Comparator.comparing: its lambda can't come from the start-up cache.
    nodes.sort(
        (a, b) ->
            NaturalOrder.INSTANCE.compare(
                Json.text(a, "Description.Hostname"), Json.text(b, "Description.Hostname")));
    Listing listing = listing();
    for (JsonObject node : nodes) {
      listing.add(row(node, self));
    }
    context.out().print(listing.render(arguments.text("format"), arguments.is("quiet")));
    return ExitCode.SUCCESS;
  }

  private static Listing listing() {
    return new Listing(TABLE, "ID")
        .field("ID", "ID")
        .field("Self", "")
        .field("Hostname", "HOSTNAME")
        .field("Status", "STATUS")
        .field("Availability", "AVAILABILITY")
        .field("ManagerStatus", "MANAGER STATUS")
        .field("EngineVersion", "ENGINE VERSION")
        .field("TLSStatus", "TLS STATUS")
        .field("Address", "ADDRESS");
  }

  private static JsonObject row(JsonObject node, String self) {
    JsonObject row = new JsonObject();
    String id = Json.text(node, "ID");
    row.addProperty("ID", id);
    row.addProperty("Self", id.equals(self));
    row.addProperty("Hostname", Json.text(node, "Description.Hostname"));
    row.addProperty("Status", Human.capital(Json.text(node, "Status.State")));
    row.addProperty("Availability", Human.capital(Json.text(node, "Spec.Availability")));
    row.addProperty(
        "ManagerStatus",
        Json.flag(node, "ManagerStatus.Leader")
            ? "Leader"
            : Human.capital(Json.text(node, "ManagerStatus.Reachability")));
    row.addProperty("EngineVersion", Json.text(node, "Description.Engine.EngineVersion"));
    row.addProperty(
        "TLSStatus", Json.at(node, "Description.TLSInfo.TrustRoot") == null ? "Unknown" : "Ready");
    row.addProperty("Address", Json.text(node, "Status.Addr"));
    return row;
  }
}
