package dev.skein.cli.command;

import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.GoDuration;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// `skein service autoscale`
final class ServiceAutoscale {
  private static final Map<String, String> TARGETS =
      Map.of(
          "target-cpu", "TargetCPU",
          "target-connections", "TargetConnections",
          "target-rps", "TargetRPS");
  private static final List<String> SETTINGS =
      List.of(
          "min",
          "max",
          "target-cpu",
          "target-connections",
          "target-rps",
          "scale-down-delay",
          "scale-up-delay");

  private ServiceAutoscale() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS] SERVICE",
            "Have the number of a service's tasks follow what is asked of it, within bounds."
                + " Without options, show how it is scaled. With --min 0 it has no tasks while"
                + " nobody uses it; the first connections then wait until one is ready.")
        .flags(
            Flag.of("min", "uint", "Least number of tasks", Flag::readUnsigned).byDefault("1"),
            Flag.of("max", "uint", "Greatest number of tasks", Flag::readUnsigned),
            Flag.of(
                "target-cpu",
                "percent",
                "CPU that a task should use, of what it reserves, else of its limit, else of one"
                    + " CPU",
                ServiceAutoscale::readPercent),
            Flag.of(
                "target-connections",
                "decimal",
                "Open connections for each task, counted by the mesh",
                ServiceAutoscale::readTarget),
            Flag.of(
                "target-rps",
                "decimal",
                "Connections per second for each task; the mesh does not see requests inside of"
                    + " connections",
                ServiceAutoscale::readTarget),
            Flag.of(
                    "scale-down-delay",
                    "duration",
                    "How long fewer tasks must be enough before there are fewer",
                    GoDuration::parse)
                .byDefault("5m"),
            Flag.of(
                    "scale-up-delay",
                    "duration",
                    "How long more tasks must be needed before there are more",
                    GoDuration::parse)
                .byDefault("0s"),
            Flag.bool("off", (char) 0, "Leave the number of tasks as it is from now on"))
        .arguments(1, 1)
        .naming(Naming.SERVICES)
        .examples(
            "skein service autoscale --min 2 --max 20 --target-cpu 70% web",
            "skein service autoscale --min 0 --max 5 --target-connections 100 web",
            "skein service autoscale --max 30 web",
            "skein service autoscale --off web")
        .does(ServiceAutoscale::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    String name = arguments.argument(0);
    boolean changes = SETTINGS.stream().anyMatch(arguments::has);
    if (arguments.is("off") && changes) {
      throw new UsageException("--off goes with no other option");
    }
    try (EngineClient client = context.client()) {
      JsonObject service = ServiceCommands.require(client, name);
      JsonObject spec = Json.make(service, "Spec");
      if (arguments.is("off")) {
        spec.remove("Autoscale");
      } else if (changes) {
        edit(Json.make(spec, "Autoscale"), arguments);
      } else {
        context.out().println(text(service));
        return ExitCode.SUCCESS;
      }
      ServiceUpdate.post(client, service, spec, false);
      context.out().println(name);
    }
    return ExitCode.SUCCESS;
  }

  private static void edit(JsonObject autoscale, Arguments arguments) {
    number(autoscale, "Min", arguments, "min");
    number(autoscale, "Max", arguments, "max");
    number(autoscale, "ScaleDownDelay", arguments, "scale-down-delay");
    number(autoscale, "ScaleUpDelay", arguments, "scale-up-delay");
    if (TARGETS.keySet().stream().anyMatch(arguments::has)) {
      TARGETS.values().forEach(autoscale::remove);
    }
    TARGETS.forEach(
        (flag, field) -> {
          Double target = arguments.get(flag, Double.class);
          if (target != null) {
            autoscale.addProperty(field, target);
          }
        });
  }

  private static void number(JsonObject json, String field, Arguments arguments, String flag) {
    Long value = arguments.get(flag, Long.class);
    if (value != null) {
      json.addProperty(field, value);
    }
  }

  /// How a service is scaled, in one line or two.
  static String text(JsonObject service) {
    JsonObject autoscale = Json.object(service, "Spec.Autoscale");
    if (autoscale.isEmpty()) {
      return "not scaled by itself";
    }
    StringBuilder text = new StringBuilder();
    text.append(Json.number(autoscale, "Min", 1))
        .append(" to ")
        .append(Json.number(autoscale, "Max", 0))
        .append(" tasks");
    target(text, autoscale, "TargetCPU", "% of CPU each");
    target(text, autoscale, "TargetConnections", " open connections each");
    target(text, autoscale, "TargetRPS", " connections per second each");
    String last = Json.text(service, "AutoscaleStatus.Message");
    return last.isEmpty() ? text.toString() : text + "\nlast " + last;
  }

  private static void target(StringBuilder text, JsonObject json, String field, String words) {
    if (Json.at(json, field) != null) {
      String number = Json.text(json, field);
      text.append(", ")
          .append(number.endsWith(".0") ? number.substring(0, number.length() - 2) : number)
          .append(words);
    }
  }

  private static Double readPercent(String text) {
    return readTarget(text.endsWith("%") ? text.substring(0, text.length() - 1) : text);
  }

  private static Double readTarget(String text) {
    try {
      double value = Double.parseDouble(text);
      if (value > 0 && !Double.isInfinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException("must be a number more than 0");
  }
}
