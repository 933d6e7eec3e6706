package dev.skein.worker.agent;

import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.Task;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// The environment of a task: what the cluster tells it of itself, its ports, then the user's own
/// variables, which win. Pure.
final class TaskEnvironment {

  private TaskEnvironment() {}

  /// @param ports the network's variables
  static Map<String, String> of(AssignedTask assigned, String hostname, Map<String, String> ports) {
    var task = assigned.getTask();
    var env = new LinkedHashMap<String, String>();
    env.put("SKEIN_NODE_ID", task.getNodeId());
    env.put("SKEIN_NODE_HOSTNAME", hostname);
    env.put("SKEIN_SERVICE_NAME", assigned.getServiceName());
    env.put("SKEIN_SERVICE_ID", task.getServiceId());
    env.put("SKEIN_SERVICE_VERSION", Long.toUnsignedString(task.getSpecVersion()));
    env.put("SKEIN_TASK_ID", task.getId());
    env.put("SKEIN_TASK_SLOT", slot(task));
    env.put(
        "SKEIN_TASK_NAME",
        "%s.%s.%s".formatted(assigned.getServiceName(), slot(task), task.getId()));
    env.putAll(ports);
    env.putAll(genericResources(task));
    for (var variable : assigned.getSpec().getContainerSpec().getEnvList()) {
      var equals = variable.indexOf('=');
      if (equals > 0) {
        env.put(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    return env;
  }

  /// What the task was given of each kind, under Docker's name: the names, or how many.
  private static Map<String, String> genericResources(Task task) {
    var env = new LinkedHashMap<String, String>();
    for (var resource : task.getGenericResourcesList()) {
      var named = resource.hasNamedResourceSpec();
      var kind =
          named
              ? resource.getNamedResourceSpec().getKind()
              : resource.getDiscreteResourceSpec().getKind();
      var value =
          named
              ? resource.getNamedResourceSpec().getValue()
              : Long.toString(resource.getDiscreteResourceSpec().getValue());
      env.merge(
          "DOCKER_RESOURCE_" + kind.toUpperCase(Locale.ROOT).replace('-', '_'),
          value,
          (first, next) -> first + "," + next);
    }
    return env;
  }

  /// The slot of a replicated service's task; the node of a global one's, as Docker has it.
  private static String slot(Task task) {
    return task.getSlot() == 0 ? task.getNodeId() : Integer.toUnsignedString(task.getSlot());
  }
}
