package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Human;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.Quantity;

/// `skein node inspect`
final class NodeInspection {
  private NodeInspection() {}

  static Leaf leaf() {
    return Leaf.of("[OPTIONS] self|NODE [NODE...]", "Show everything about nodes, as JSON.")
        .flags(Inspection.FORMAT, Inspection.PRETTY)
        .arguments(1, Integer.MAX_VALUE)
        .naming(Naming.NODES)
        .examples(
            "skein node inspect self --pretty",
            "skein node inspect --format '{{.Status.Addr}}' node-2")
        .does(
            (context, arguments) -> {
              try (EngineClient client = context.client()) {
                return Inspection.run(
                    context,
                    arguments,
                    "node",
                    name -> NodeCommands.get(client, name),
                    NodeInspection::pretty);
              }
            });
  }

  static String pretty(JsonObject node) {
    Sheet sheet = new Sheet();
    sheet.line("ID", Json.text(node, "ID"));
    sheet.lineIf("Name", Json.text(node, "Spec.Name"));
    sheet.map("Labels", Json.object(node, "Spec.Labels"));
    sheet.line("Hostname", Json.text(node, "Description.Hostname"));
    sheet.line("Joined at", Json.text(node, "CreatedAt"));
    sheet.heading("Status");
    sheet.inner("State", Human.capital(Json.text(node, "Status.State")));
    sheet.innerIf("Message", Json.text(node, "Status.Message"));
    sheet.inner("Availability", Human.capital(Json.text(node, "Spec.Availability")));
    sheet.innerIf("Draining Since", Json.text(node, "DrainStartedAt"));
    sheet.inner("Address", Json.text(node, "Status.Addr"));
    if (Json.at(node, "ManagerStatus") != null) {
      sheet.heading("Manager Status");
      sheet.inner("Address", Json.text(node, "ManagerStatus.Addr"));
      sheet.inner("Raft Status", Human.capital(Json.text(node, "ManagerStatus.Reachability")));
      sheet.inner("Leader", Json.flag(node, "ManagerStatus.Leader") ? "Yes" : "No");
    }
    sheet.heading("Platform");
    sheet.inner("Operating System", Json.text(node, "Description.Platform.OS"));
    sheet.inner("Architecture", Json.text(node, "Description.Platform.Architecture"));
    sheet.heading("Resources");
    sheet.inner("CPUs", Quantity.cpus(Json.number(node, "Description.Resources.NanoCPUs", 0)));
    sheet.inner("Memory", Human.bytes(Json.number(node, "Description.Resources.MemoryBytes", 0)));
    for (JsonElement resource : Json.array(node, "Description.Resources.GenericResources")) {
      sheet.innerIf(
          Json.text(resource, "NamedResourceSpec.Kind"),
          Json.text(resource, "NamedResourceSpec.Value"));
      sheet.innerIf(
          Json.text(resource, "DiscreteResourceSpec.Kind"),
          Json.text(resource, "DiscreteResourceSpec.Value"));
    }
    sheet.line("Engine Version", Json.text(node, "Description.Engine.EngineVersion"));
    sheet.map("Engine Labels", Json.object(node, "Description.Engine.Labels"));
    return sheet.toString();
  }
}
