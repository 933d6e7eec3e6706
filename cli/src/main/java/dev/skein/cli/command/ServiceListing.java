package dev.skein.cli.command;

import com.google.gson.JsonArray;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// `skein service ls`
final class ServiceListing {
  private static final String TABLE =
      "{{.ID}}\t{{.Name}}\t{{.Mode}}\t{{.Replicas}}\t{{.Image}}\t{{.Ports}}";

  private ServiceListing() {}

  static Leaf leaf() {
    return Leaf.of("[OPTIONS]", "List the services of the swarm.")
        .flags(Filters.FILTER, Filters.FORMAT.byDefault("table"), Filters.QUIET)
        .examples(
            "skein service ls",
            "skein service ls --filter label=tier=front -q",
            "skein service ls --format 'table {{.Name}}\\t{{.Replicas}}'")
        .does(ServiceListing::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    List<JsonObject> services = new ArrayList<>();
    try (EngineClient client = context.client()) {
      Query query = Query.of("/services").with("status", "true").filters(Filters.of(arguments));
      for (JsonElement service : client.list(query.toString())) {
        services.add(service.getAsJsonObject());
      }
    }
    // Not Comparator.comparing: its lambda can't come from the start-up cache.
    services.sort(
        (a, b) ->
            NaturalOrder.INSTANCE.compare(Json.text(a, "Spec.Name"), Json.text(b, "Spec.Name")));
    boolean ids = arguments.is("quiet");
    Listing listing = listing();
    for (JsonObject service : services) {
      listing.add(row(service, ids, context.now()));
    }
    context.out().print(listing.render(arguments.text("format"), ids));
    return ExitCode.SUCCESS;
  }

  private static Listing listing() {
    return new Listing(TABLE, "ID")
        .field("ID", "ID")
        .field("Name", "NAME")
        .field("Mode", "MODE")
        .field("Replicas", "REPLICAS")
        .field("Image", "IMAGE")
        .field("Ports", "PORTS");
  }

  private static JsonObject row(JsonObject service, boolean fullId, Instant now) {
    JsonObject row = new JsonObject();
    String id = Json.text(service, "ID");
    row.addProperty("ID", fullId ? id : Human.shortId(id));
    row.addProperty("Name", Json.text(service, "Spec.Name"));
    String next = ScheduleFlags.next(service, now);
    row.addProperty(
        "Mode", mode(Json.object(service, "Spec.Mode")) + (next == null ? "" : " (" + next + ")"));
    row.addProperty("Replicas", replicas(service));
    row.addProperty("Image", ServiceImage.of(Json.object(service, "Spec.TaskTemplate"), false));
    row.addProperty("Ports", ports(service));
    return row;
  }

  /// What a service's mode is called in listings and messages.
  static String mode(JsonObject mode) {
    if (mode.has("Global")) {
      return "global";
    }
    if (mode.has("ReplicatedJob")) {
      return "replicated job";
    }
    return mode.has("GlobalJob") ? "global job" : "replicated";
  }

  private static String replicas(JsonObject service) {
    long desired = Json.number(service, "ServiceStatus.DesiredTasks", 0);
    String text = Json.number(service, "ServiceStatus.RunningTasks", 0) + "/" + desired;
    if (isJob(Json.object(service, "Spec.Mode"))) {
      long completed = Json.number(service, "ServiceStatus.CompletedTasks", 0);
      long total =
          Json.number(service, "Spec.Mode.ReplicatedJob.TotalCompletions", desired + completed);
      text += " (" + completed + "/" + total + " completed)";
    }
    long perNode = Json.number(service, "Spec.TaskTemplate.Placement.MaxReplicas", 0);
    return perNode == 0 ? text : text + " (max " + perNode + " per node)";
  }

  /// Whether tasks run until they complete.
  static boolean isJob(JsonObject mode) {
    return mode.has("ReplicatedJob") || mode.has("GlobalJob");
  }

  private static String ports(JsonObject service) {
    JsonArray ports = Json.array(service, "Endpoint.Ports");
    List<String> texts = new ArrayList<>();
    for (JsonElement port : ports) {
      if (Json.text(port, "PublishMode").equals("host")) {
        continue;
      }
      long published = Json.number(port, "PublishedPort", 0);
      if (published != 0) {
        texts.add(
            "*:"
                + published
                + "->"
                + Json.text(port, "TargetPort")
                + "/"
                + Json.text(port, "Protocol"));
      }
    }
    return String.join(", ", texts);
  }
}
