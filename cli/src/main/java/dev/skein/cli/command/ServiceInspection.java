package dev.skein.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Human;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.GoDuration;
import dev.skein.cli.value.ProcessRuntime;
import dev.skein.cli.value.Quantity;
import java.util.ArrayList;
import java.util.List;

/// `skein service inspect`
final class ServiceInspection {
  private ServiceInspection() {}

  static Leaf leaf() {
    return Leaf.of("[OPTIONS] SERVICE [SERVICE...]", "Show everything about services, as JSON.")
        .flags(Inspection.FORMAT, Inspection.PRETTY)
        .arguments(1, Integer.MAX_VALUE)
        .naming(Naming.SERVICES)
        .examples(
            "skein service inspect --pretty web",
            "skein service inspect --format '{{.Spec.Mode.Replicated.Replicas}}' web")
        .does(
            (context, arguments) -> {
              // In words, what holds is shown, be it given or a default.
              boolean defaults = arguments.is("pretty");
              try (EngineClient client = context.client()) {
                return Inspection.run(
                    context,
                    arguments,
                    "service",
                    name ->
                        client.object(
                            Query.of("/services", name)
                                .with("insertDefaults", Boolean.toString(defaults))
                                .toString()),
                    ServiceInspection::pretty);
              }
            });
  }

  static String pretty(JsonObject service) {
    Sheet sheet = new Sheet();
    sheet.line("ID", Json.text(service, "ID"));
    sheet.line("Name", Json.text(service, "Spec.Name"));
    sheet.map("Labels", Json.object(service, "Spec.Labels"));
    mode(service, sheet);
    if (Json.at(service, "UpdateStatus.State") != null) {
      sheet.heading("UpdateStatus");
      sheet.inner("State", Json.text(service, "UpdateStatus.State"));
      sheet.innerIf("Started", Json.text(service, "UpdateStatus.StartedAt"));
      sheet.innerIf("Completed", Json.text(service, "UpdateStatus.CompletedAt"));
      sheet.innerIf("Message", Json.text(service, "UpdateStatus.Message"));
    }
    placement(Json.object(service, "Spec.TaskTemplate.Placement"), sheet);
    rollout("UpdateConfig", Json.object(service, "Spec.UpdateConfig"), sheet);
    rollout("RollbackConfig", Json.object(service, "Spec.RollbackConfig"), sheet);
    container(Json.object(service, "Spec.TaskTemplate"), sheet);
    resources(Json.object(service, "Spec.TaskTemplate.Resources"), sheet);
    sheet.line("Endpoint Mode", endpointMode(service));
    ports(Json.array(service, "Endpoint.Ports"), sheet);
    return sheet.toString();
  }

  private static void mode(JsonObject service, Sheet sheet) {
    JsonObject mode = Json.object(service, "Spec.Mode");
    sheet.line("Service Mode", Human.capital(ServiceListing.mode(mode)));
    sheet.innerIf("Replicas", Json.text(mode, "Replicated.Replicas"));
    sheet.innerIf("Max Concurrent", Json.text(mode, "ReplicatedJob.MaxConcurrent"));
    sheet.innerIf("Total Completions", Json.text(mode, "ReplicatedJob.TotalCompletions"));
    sheet.innerIf("Max Unavailable", Json.text(service, "Spec.MaxUnavailable"));
    if (Json.at(service, "JobStatus") != null) {
      sheet.heading("JobStatus");
      sheet.inner("Iteration", Json.text(service, "JobStatus.JobIteration.Index"));
      sheet.innerIf("Last Execution", Json.text(service, "JobStatus.LastExecution"));
    }
    ScheduleFlags.show(service, sheet);
  }

  private static String endpointMode(JsonObject service) {
    String mode = Json.text(service, "Endpoint.Spec.Mode");
    return mode.isEmpty() ? "vip" : mode;
  }

  private static void placement(JsonObject placement, Sheet sheet) {
    JsonArray constraints = Json.array(placement, "Constraints");
    JsonArray preferences = Json.array(placement, "Preferences");
    long perNode = Json.number(placement, "MaxReplicas", 0);
    String strategy = Json.text(placement, "Strategy");
    if (constraints.isEmpty() && preferences.isEmpty() && perNode == 0 && strategy.isEmpty()) {
      return;
    }
    sheet.heading("Placement");
    constraints.forEach(constraint -> sheet.inner("Constraint", constraint.getAsString()));
    preferences.forEach(
        preference -> sheet.inner("Spread", Json.text(preference, "Spread.SpreadDescriptor")));
    sheet.innerIf("Strategy", strategy);
    if (perNode > 0) {
      sheet.inner("Max Replicas Per Node", Long.toString(perNode));
    }
  }

  private static void rollout(String heading, JsonObject config, Sheet sheet) {
    if (config.isEmpty()) {
      return;
    }
    sheet.heading(heading);
    sheet.inner("Parallelism", Long.toString(Json.number(config, "Parallelism", 0)));
    duration("Delay", config, "Delay", sheet);
    sheet.innerIf("On failure", Json.text(config, "FailureAction"));
    duration("Monitoring Period", config, "Monitor", sheet);
    sheet.innerIf("Max failure ratio", Json.text(config, "MaxFailureRatio"));
    sheet.innerIf("Order", Json.text(config, "Order"));
    duration("Progress deadline", config, "ProgressDeadline", sheet);
    sheet.innerIf("Canaries", Json.text(config, "Canary"));
  }

  private static void duration(String name, JsonObject parent, String field, Sheet sheet) {
    long nanos = Json.number(parent, field, 0);
    if (nanos > 0) {
      sheet.inner(name, GoDuration.format(nanos));
    }
  }

  private static void container(JsonObject template, Sheet sheet) {
    JsonObject container = Json.object(template, "ContainerSpec");
    boolean process = ProcessRuntime.is(template);
    sheet.heading(process ? "ProcessSpec" : "ContainerSpec");
    if (!process) {
      sheet.inner("Image", Json.text(container, "Image"));
    }
    sheet.innerIf("Command", words(Json.array(container, "Command")));
    sheet.innerIf("Args", words(Json.array(container, "Args")));
    sheet.innerIf("Env", words(Json.array(container, "Env")));
    sheet.innerIf("Dir", Json.text(container, "Dir"));
    sheet.innerIf("User", Json.text(container, "User"));
    sheet.innerIf("StopSignal", Json.text(container, "StopSignal"));
    duration("StopGracePeriod", container, "StopGracePeriod", sheet);
    healthcheck(Json.object(container, "Healthcheck"), sheet);
    JsonObject restart = Json.object(template, "RestartPolicy");
    if (!restart.isEmpty()) {
      sheet.heading("RestartPolicy");
      sheet.innerIf("Condition", Json.text(restart, "Condition"));
      duration("Delay", restart, "Delay", sheet);
      sheet.innerIf("Max attempts", Json.text(restart, "MaxAttempts"));
      duration("Window", restart, "Window", sheet);
      duration("Longest delay", restart, "MaxDelay", sheet);
    }
  }

  private static void healthcheck(JsonObject check, Sheet sheet) {
    if (check.isEmpty()) {
      return;
    }
    sheet.heading("Healthcheck");
    sheet.innerIf("Test", words(Json.array(check, "Test")));
    duration("Interval", check, "Interval", sheet);
    duration("Timeout", check, "Timeout", sheet);
    sheet.innerIf("Retries", Json.text(check, "Retries"));
    duration("Start Period", check, "StartPeriod", sheet);
    duration("Start Interval", check, "StartInterval", sheet);
  }

  private static String words(JsonArray array) {
    List<String> words = new ArrayList<>();
    array.forEach(word -> words.add(word.getAsString()));
    return String.join(" ", words);
  }

  private static void resources(JsonObject resources, Sheet sheet) {
    for (String kind : List.of("Reservations", "Limits")) {
      JsonObject amounts = Json.object(resources, kind);
      long cpus = Json.number(amounts, "NanoCPUs", 0);
      long memory = Json.number(amounts, "MemoryBytes", 0);
      long pids = Json.number(amounts, "Pids", 0);
      JsonArray generic = Json.array(amounts, "GenericResources");
      if (cpus + memory + pids == 0 && generic.isEmpty()) {
        continue;
      }
      sheet.heading("Resource " + kind);
      if (cpus > 0) {
        sheet.inner("CPU", Quantity.cpus(cpus));
      }
      if (memory > 0) {
        sheet.inner("Memory", Human.bytes(memory));
      }
      if (pids > 0) {
        sheet.inner("Processes", Long.toString(pids));
      }
      generic.forEach(
          resource ->
              sheet.inner(
                  Json.text(resource, "DiscreteResourceSpec.Kind"),
                  Json.text(resource, "DiscreteResourceSpec.Value")));
    }
  }

  private static void ports(JsonArray ports, Sheet sheet) {
    if (ports.isEmpty()) {
      return;
    }
    sheet.heading("Ports");
    for (JsonElement port : ports) {
      sheet.item(
          "published "
              + Json.text(port, "PublishedPort")
              + ", target "
              + Json.text(port, "TargetPort")
              + "/"
              + Json.text(port, "Protocol")
              + ", "
              + Json.text(port, "PublishMode"));
    }
  }
}
