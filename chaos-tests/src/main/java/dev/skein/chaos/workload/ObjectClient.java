package dev.skein.chaos.workload;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.chaos.history.Content;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.format.Json;
import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A workload's objects at one manager. Each is a service of processes whose label holds the stamp;
/// no node fits its tasks, so that it costs the managers work and the workers none. One thread.
final class ObjectClient implements Closeable {
  private static final String STAMP = "stamp";

  /// By which all that experiments make is found.
  private static final String LABEL = "dev.skein.chaos";

  private final EngineClient client;

  ObjectClient(EngineClient client) {
    this.client = client;
  }

  /// What was read.
  ///
  /// @param version to be named by whoever wants to replace it
  /// @param index of the state that was read
  record Seen(Content content, long version, long index) {}

  /// What the object holds.
  Seen read(String key) throws IOException {
    var service = client.object(Query.of("/services", key).toString());
    var content = content(service);
    if (content == null) {
      throw new IOException("service " + key + " is not this workload's: it has no stamp");
    }
    return new Seen(content, Json.number(service, "Version.Index", 0), client.index());
  }

  /// Makes the object; returns the index of the change, as the others do.
  long create(String key, Content content) throws IOException {
    client.post("/services/create", spec(key, content));
    return client.index();
  }

  long update(String key, long version, Content content) throws IOException {
    client.post(
        Query.of("/services", key).path("/update").with("version", version).toString(),
        spec(key, content));
    return client.index();
  }

  long remove(String key) throws IOException {
    client.delete(Query.of("/services", key).toString());
    return client.index();
  }

  /// The stamp and replicas of a service of the API; null if it is no workload's.
  static @Nullable Content content(JsonElement service) {
    var labels = Json.object(service, "Spec.Labels");
    var stamp = Json.text(labels, STAMP);
    return stamp.isEmpty()
        ? null
        : new Content(
            Long.parseLong(stamp), Json.number(service, "Spec.Mode.Replicated.Replicas", 0));
  }

  private static JsonObject spec(String key, Content content) {
    var spec = new JsonObject();
    spec.addProperty("Name", key);
    var labels = Json.make(spec, "Labels");
    labels.addProperty(LABEL, "object");
    labels.addProperty(STAMP, Long.toString(content.stamp()));
    Json.make(spec, "Mode.Replicated").addProperty("Replicas", content.replicas());
    var task = Json.make(spec, "TaskTemplate");
    task.addProperty("Runtime", "process");
    var container = Json.make(task, "ContainerSpec");
    container.addProperty("Image", "skein/process");
    container.add("Command", strings("sleep", "60"));
    Json.make(task, "Placement").add("Constraints", strings("node.labels.workload == nowhere"));
    return spec;
  }

  private static JsonElement strings(String... values) {
    var array = new JsonArray();
    for (var value : values) {
      array.add(value);
    }
    return array;
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}
