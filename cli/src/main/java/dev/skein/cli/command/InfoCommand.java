package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.format.Human;
import dev.skein.cli.format.Json;
import dev.skein.cli.format.Listing;
import dev.skein.cli.format.Template;
import java.io.IOException;

/// `skein info`
final class InfoCommand {
  private InfoCommand() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS]",
            "Show the state of the daemon and its swarm, and what this node can't do and why.")
        .flags(
            Flag.string("format", 'f', "string", "Print with a template, or 'json' for everything"))
        .examples("skein info", "skein info --format '{{.Swarm.LocalNodeState}}'")
        .does(InfoCommand::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    try (EngineClient client = context.client()) {
      JsonObject info = client.object("/info");
      String format = arguments.text("format");
      if (format == null || format.isEmpty()) {
        context.out().print(words(info, client.endpoint().toString()));
      } else if (format.equals("json")) {
        context.out().println(Json.write(info));
      } else {
        context.out().println(Template.parse(Listing.unescape(format), false).apply(info));
      }
    }
    return ExitCode.SUCCESS;
  }

  static String words(JsonObject info, String endpoint) {
    Sheet sheet = new Sheet();
    sheet.line("Daemon", endpoint);
    sheet.line("Name", Json.text(info, "Name"));
    sheet.lineIf("ID", Json.text(info, "ID"));
    sheet.lineIf("Server Version", Json.text(info, "ServerVersion"));
    sheet.lineIf("Operating System", Json.text(info, "OperatingSystem"));
    sheet.lineIf("Kernel Version", Json.text(info, "KernelVersion"));
    sheet.lineIf("Architecture", Json.text(info, "Architecture"));
    sheet.lineIf("CPUs", Json.text(info, "NCPU"));
    long memory = Json.number(info, "MemTotal", 0);
    if (memory > 0) {
      sheet.line("Total Memory", Human.bytes(memory));
    }
    sheet.lineIf("State Directory", Json.text(info, "DockerRootDir"));
    String state = Json.text(info, "Swarm.LocalNodeState");
    sheet.line("Swarm", state.isEmpty() ? "inactive" : state);
    sheet.innerIf("Error", Json.text(info, "Swarm.Error"));
    sheet.innerIf("NodeID", Json.text(info, "Swarm.NodeID"));
    if (!Json.text(info, "Swarm.NodeID").isEmpty()) {
      boolean manager = Json.flag(info, "Swarm.ControlAvailable");
      sheet.inner("Is Manager", Boolean.toString(manager));
      if (manager) {
        sheet.innerIf("ClusterID", Json.text(info, "Swarm.Cluster.ID"));
        sheet.inner("Managers", Long.toString(Json.number(info, "Swarm.Managers", 0)));
        sheet.inner("Nodes", Long.toString(Json.number(info, "Swarm.Nodes", 0)));
      }
      sheet.innerIf("Node Address", Json.text(info, "Swarm.NodeAddr"));
      if (!Json.array(info, "Swarm.RemoteManagers").isEmpty()) {
        sheet.heading(" Manager Addresses");
        for (JsonElement remote : Json.array(info, "Swarm.RemoteManagers")) {
          sheet.item(Json.text(remote, "Addr"));
        }
      }
    }
    if (!Json.array(info, "Warnings").isEmpty()) {
      sheet.heading("Warnings");
      Json.array(info, "Warnings").forEach(warning -> sheet.item(warning.getAsString()));
    }
    return sheet.toString();
  }
}
