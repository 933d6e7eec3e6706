package dev.skein.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.KeyValue;
import java.util.ArrayList;
import java.util.List;

/// The options for how tasks are placed beyond constraints and preferences: the strategy, and the
/// generic resources that each task needs.
final class PlacementFlags {
  private static final Flag GENERIC =
      Flag.list(
              "generic-resource",
              (char) 0,
              "list",
              "What a task needs of a kind that nodes have, for example gpu=1")
          .reading(PlacementFlags::generic);
  private static final String RESERVED = "TaskTemplate.Resources.Reservations";
  private static final String GENERIC_RESOURCES = "GenericResources";

  private PlacementFlags() {}

  /// How tasks are placed, by service or by default.
  static Flag strategy(String description) {
    return Flag.choice("placement-strategy", description, "spread", "binpack");
  }

  static List<Flag> create() {
    return List.of(
        GENERIC, strategy("Whether tasks go to the least or the most loaded nodes first"));
  }

  static List<Flag> update() {
    return List.of(
        GENERIC.named("generic-resource-add", "Add or change a generic resource"),
        Flag.list("generic-resource-rm", (char) 0, "list", "Remove a generic resource by its kind"),
        strategy("Whether tasks go to the least or the most loaded nodes first"));
  }

  private record Generic(String kind, long count) {}

  private static Generic generic(String text) {
    KeyValue pair = KeyValue.parse(text);
    try {
      long count = Long.parseLong(pair.value());
      if (count > 0) {
        return new Generic(pair.key(), count);
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException(
        "want KIND=COUNT: a service asks for a number of a kind, not for a named one");
  }

  /// Writes what is given.
  static void apply(JsonObject spec, Arguments arguments) {
    String strategy = arguments.text("placement-strategy");
    if (strategy != null) {
      Json.make(spec, "TaskTemplate.Placement").addProperty("Strategy", strategy);
    }
    List<Generic> added = new ArrayList<>(arguments.all("generic-resource", Generic.class));
    added.addAll(arguments.all("generic-resource-add", Generic.class));
    List<String> removed = new ArrayList<>(arguments.texts("generic-resource-rm"));
    if (added.isEmpty() && removed.isEmpty()) {
      return;
    }
    added.forEach(each -> removed.add(each.kind));
    JsonArray all = new JsonArray();
    for (JsonElement old : Json.array(spec, RESERVED + "." + GENERIC_RESOURCES)) {
      if (!removed.contains(Json.text(old, "DiscreteResourceSpec.Kind"))) {
        all.add(old);
      }
    }
    for (Generic each : added) {
      JsonObject resource = new JsonObject();
      JsonObject discrete = Json.make(resource, "DiscreteResourceSpec");
      discrete.addProperty("Kind", each.kind);
      discrete.addProperty("Value", each.count);
      all.add(resource);
    }
    Json.make(spec, RESERVED).add(GENERIC_RESOURCES, all);
  }
}
