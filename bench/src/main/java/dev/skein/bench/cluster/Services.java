package dev.skein.bench.cluster;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Services of host processes, as the API's JSON.
public final class Services {
  private Services() {}

  /// A service whose replicas run `command`.
  public static JsonObject of(String name, int replicas, List<String> command) {
    var words = new JsonArray();
    command.forEach(words::add);
    var container = new JsonObject();
    container.addProperty("Image", "skein/process");
    container.add("Command", words);
    var template = new JsonObject();
    template.addProperty("Runtime", "process");
    template.add("ContainerSpec", container);
    var replicated = new JsonObject();
    replicated.addProperty("Replicas", replicas);
    var mode = new JsonObject();
    mode.add("Replicated", replicated);
    var spec = new JsonObject();
    spec.addProperty("Name", name);
    spec.add("TaskTemplate", template);
    spec.add("Mode", mode);
    return spec;
  }

  /// A service whose replicas do nothing for an hour.
  public static JsonObject sleeping(String name, int replicas) {
    return of(name, replicas, List.of("sleep", "3600"));
  }

  /// The value of a `filters` parameter.
  public static String filter(String name, String value) {
    return URLEncoder.encode(
        "{\"%s\":{\"%s\":true}}".formatted(name, value), StandardCharsets.UTF_8);
  }
}
