package dev.skein.api.route;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceStatus;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskDetail;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The objects as Docker's clients expect them: the messages' JSON, and what Docker shows beside.
final class Views {
  private Views() {}

  static JsonObject node(Node node) {
    var json = ProtoJson.toJson(node);
    // Docker's clients read these without asking whether they are there.
    ensureObject(json, "Spec");
    ensureObject(ensureObject(json, "Description"), "Platform");
    ensureObject(json, "Status");
    return json;
  }

  static JsonObject service(Service service, @Nullable ServiceStatus status) {
    var json = ProtoJson.toJson(service);
    ensureContainerSpec(ensureObject(ensureObject(json, "Spec"), "TaskTemplate"));
    if (json.has("PreviousSpec")) {
      ensureContainerSpec(ensureObject(json.getAsJsonObject("PreviousSpec"), "TaskTemplate"));
    }
    ensureObject(ensureObject(json, "Endpoint"), "Spec");
    if (status != null) {
      json.add("ServiceStatus", ProtoJson.toJson(status));
    }
    return json;
  }

  static JsonObject task(Task task, TaskDetail detail) {
    var json = ProtoJson.toJson(task);
    json.add("Labels", new JsonObject());
    json.add("Spec", ensureContainerSpec(ProtoJson.toJson(detail.getSpec())));
    json.add("NetworksAttachments", new JsonArray());
    var portStatus = ensureObject(ensureObject(json, "Status"), "PortStatus");
    var hostPorts = hostPorts(task.getStatus().getPortsList());
    if (!hostPorts.isEmpty()) {
      portStatus.add("Ports", hostPorts);
    }
    // Docker has no such field; with it a client names the task without asking for the service.
    if (!detail.getServiceName().isEmpty()) {
      json.addProperty("ServiceName", detail.getServiceName());
    }
    return json;
  }

  /// What the node published itself. Ingress ports are the service's.
  private static JsonArray hostPorts(List<PortConfig> ports) {
    var json = new JsonArray();
    for (var port : ports) {
      if (port.getPublishMode() == PublishMode.PUBLISH_MODE_HOST) {
        json.add(ProtoJson.toJson(port));
      }
    }
    return json;
  }

  private static JsonObject ensureContainerSpec(JsonObject taskSpec) {
    ProcessImage.hideRuntime(taskSpec);
    ensureObject(taskSpec, "ContainerSpec");
    return taskSpec;
  }

  private static JsonObject ensureObject(JsonObject json, String name) {
    if (json.get(name) instanceof JsonObject present) {
      return present;
    }
    var empty = new JsonObject();
    json.add(name, empty);
    return empty;
  }
}
