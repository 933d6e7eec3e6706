package dev.skein.chaos.history;

import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import org.jspecify.annotations.Nullable;

/// A record of a history as one line of JSON. Names are short: a run writes a hundred thousand.
final class HistoryLine {
  private HistoryLine() {}

  static String of(Operation operation) {
    var json = new JsonObject();
    json.addProperty("client", operation.client());
    json.addProperty("key", operation.key());
    json.addProperty("kind", operation.kind().name());
    var content = operation.content();
    if (content != null) {
      json.addProperty("stamp", content.stamp());
      json.addProperty("replicas", content.replicas());
    }
    if (operation.expected() != 0) {
      json.addProperty("expected", operation.expected());
    }
    json.addProperty("outcome", operation.outcome().name());
    if (!operation.reason().isEmpty()) {
      json.addProperty("reason", operation.reason());
    }
    if (operation.index() != 0) {
      json.addProperty("index", operation.index());
    }
    json.addProperty("invoked", operation.invokedNanos());
    if (operation.returnedNanos() != Operation.NEVER) {
      json.addProperty("returned", operation.returnedNanos());
    }
    json.addProperty("manager", operation.manager());
    return Json.write(json);
  }

  static String of(Notice notice) {
    var json = new JsonObject();
    json.addProperty("watcher", notice.watcher());
    json.addProperty("type", notice.type().name());
    json.addProperty("index", notice.index());
    if (notice.type() == Notice.Type.EVENT) {
      json.addProperty("action", notice.action());
      json.addProperty("id", notice.id());
      json.addProperty("name", notice.name());
    }
    return Json.write(json);
  }

  static String of(Copy copy) {
    var json = new JsonObject();
    json.addProperty("manager", copy.manager());
    json.addProperty("index", copy.index());
    json.addProperty("digest", copy.digest());
    return Json.write(json);
  }

  /// Adds what a line holds.
  ///
  /// @throws IllegalArgumentException if it is none of these
  static void read(String line, History into) {
    JsonObject json;
    try {
      json = Json.parse(line).getAsJsonObject();
    } catch (Json.SyntaxException | IllegalStateException e) {
      throw new IllegalArgumentException("not a JSON object: " + line, e);
    }
    if (json.has("watcher")) {
      into.add(
          new Notice(
              Json.text(json, "watcher"),
              Notice.Type.valueOf(Json.text(json, "type")),
              Json.number(json, "index", 0),
              Json.text(json, "action"),
              Json.text(json, "id"),
              Json.text(json, "name")));
    } else if (json.has("digest")) {
      into.add(
          new Copy(
              Json.text(json, "manager"),
              Json.number(json, "index", 0),
              Json.text(json, "digest")));
    } else {
      into.add(operation(json));
    }
  }

  private static Operation operation(JsonObject json) {
    return new Operation(
        (int) Json.number(json, "client", 0),
        Json.text(json, "key"),
        Kind.valueOf(Json.text(json, "kind")),
        content(json),
        Json.number(json, "expected", 0),
        Outcome.valueOf(Json.text(json, "outcome")),
        Json.text(json, "reason"),
        Json.number(json, "index", 0),
        Json.number(json, "invoked", 0),
        Json.number(json, "returned", Operation.NEVER),
        Json.text(json, "manager"));
  }

  private static @Nullable Content content(JsonObject json) {
    return json.has("stamp")
        ? new Content(Json.number(json, "stamp", 0), Json.number(json, "replicas", 0))
        : null;
  }
}
