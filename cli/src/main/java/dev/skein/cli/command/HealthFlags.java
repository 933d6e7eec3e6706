package dev.skein.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.GoDuration;
import java.util.ArrayList;
import java.util.List;

/// The options about a service's health check, and what they write into its specification.
final class HealthFlags {
  private static final String CHECK = "TaskTemplate.ContainerSpec.Healthcheck";
  private static final List<String> TESTS =
      List.of("health-cmd", "health-http", "health-tcp", "no-healthcheck");

  private HealthFlags() {}

  static List<Flag> flags() {
    return List.of(
        Flag.string(
            "health-cmd",
            (char) 0,
            "string",
            "A line for the shell, run beside a task: the task is healthy when it exits with 0"),
        Flag.of(
            "health-http",
            "[port]/path",
            "A task is healthy when it answers this with a status of 200 to 399; the port is a"
                + " target port, by default the first",
            HealthFlags::http),
        Flag.of(
            "health-tcp",
            "port",
            "A task is healthy when it takes a connection to this target port",
            HealthFlags::tcp),
        duration("health-interval", "Time between two probes", "30s"),
        duration("health-timeout", "How long a probe may take", "30s"),
        Flag.of(
                "health-retries",
                "uint",
                "Failures one after the other that make a task unhealthy",
                Flag::readUnsigned)
            .byDefault("3"),
        duration("health-start-period", "How long failures after the start do not count", "0s"),
        duration("health-start-interval", "Time between two probes in the start period", "5s"),
        Flag.bool("no-healthcheck", (char) 0, "Have no health check, not even the image's own"));
  }

  private static Flag duration(String name, String description, String unset) {
    return Flag.of(name, "duration", description, GoDuration::parse).byDefault(unset);
  }

  private static List<String> http(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("want [PORT]/PATH, such as /health or 8080/health");
    }
    List<String> test = new ArrayList<>(List.of("HTTP", text.substring(slash)));
    if (slash > 0) {
      test.add(Long.toString(Flag.readUnsigned(text.substring(0, slash))));
    }
    return test;
  }

  private static List<String> tcp(String text) {
    return List.of("TCP", Long.toString(Flag.readUnsigned(text)));
  }

  /// Writes what is given; a new test replaces the old one and leaves the times as they are.
  static void apply(JsonObject spec, Arguments arguments) {
    List<String> given =
        TESTS.stream()
            .filter(
                name -> name.equals("no-healthcheck") ? arguments.is(name) : arguments.has(name))
            .toList();
    if (given.size() > 1) {
      throw new UsageException(
          "--" + given.get(0) + " conflicts with --" + given.get(1) + ": a task has one check");
    }
    if (arguments.is("no-healthcheck")) {
      JsonObject none = new JsonObject();
      none.add("Test", array(List.of("NONE")));
      Json.make(spec, "TaskTemplate.ContainerSpec").add("Healthcheck", none);
      return;
    }
    String command = arguments.text("health-cmd");
    if (command != null) {
      set(spec, command.isEmpty() ? List.of() : List.of("CMD-SHELL", command));
    }
    for (String flag : List.of("health-http", "health-tcp")) {
      List<?> test = arguments.get(flag, List.class);
      if (test != null) {
        set(spec, test);
      }
    }
    number(spec, arguments, "health-interval", "Interval");
    number(spec, arguments, "health-timeout", "Timeout");
    number(spec, arguments, "health-retries", "Retries");
    number(spec, arguments, "health-start-period", "StartPeriod");
    number(spec, arguments, "health-start-interval", "StartInterval");
  }

  private static void set(JsonObject spec, List<?> test) {
    Json.make(spec, CHECK).add("Test", array(test));
  }

  private static JsonArray array(List<?> words) {
    JsonArray array = new JsonArray();
    words.forEach(word -> array.add(String.valueOf(word)));
    return array;
  }

  private static void number(JsonObject spec, Arguments arguments, String flag, String field) {
    Long value = arguments.get(flag, Long.class);
    if (value != null) {
      Json.make(spec, CHECK).addProperty(field, value);
    }
  }
}
