package dev.skein.cli.whoami;

import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/// Who a sample task is, from what its environment says. What is not said is empty.
///
/// @param node host name of the node
/// @param nodeId id of the node
/// @param service name of the service
/// @param slot number of the task within the service; empty for a global one
/// @param taskId id of the task
/// @param version version of the service's specification that the task runs
public record Identity(
    String node, String nodeId, String service, String slot, String taskId, String version) {
  /// Reads the variables that the `process` runtime sets.
  public static Identity of(Map<String, String> environment) {
    return new Identity(
        environment.getOrDefault("SKEIN_NODE_HOSTNAME", ""),
        environment.getOrDefault("SKEIN_NODE_ID", ""),
        environment.getOrDefault("SKEIN_SERVICE_NAME", ""),
        environment.getOrDefault("SKEIN_TASK_SLOT", ""),
        environment.getOrDefault("SKEIN_TASK_ID", ""),
        environment.getOrDefault("SKEIN_SERVICE_VERSION", ""));
  }

  private Map<String, String> fields() {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("Node", node);
    fields.put("NodeID", nodeId);
    fields.put("Service", service);
    fields.put("Slot", slot);
    fields.put("Task", taskId);
    fields.put("Version", version);
    return fields;
  }

  /// One line for each thing known.
  public String toText() {
    StringBuilder text = new StringBuilder();
    fields().forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
    return text.toString();
  }

  /// The same as JSON.
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    fields().forEach(json::addProperty);
    return json;
  }

  /// The task in one word, as the log's prefix has it: `web.1@node-2`.
  public String label() {
    return service + "." + slot + "@" + node;
  }
}
