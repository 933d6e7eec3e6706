package dev.skein.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.KeyValue;
import dev.skein.cli.value.PublishedPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// Writes options into a service's specification, which is kept as the API's JSON: what an option
/// does not name stays as it was, also what this client does not know.
final class ServiceSpecEdit {
  private static final String CONTAINER = "TaskTemplate.ContainerSpec";

  private final JsonObject spec;
  private final Arguments arguments;

  ServiceSpecEdit(JsonObject spec, Arguments arguments) {
    this.spec = spec;
    this.arguments = arguments;
  }

  /// The options that `create` and `update` share.
  void applyCommon() {
    text("hostname", CONTAINER, "Hostname");
    text("user", CONTAINER, "User");
    text("workdir", CONTAINER, "Dir");
    text("stop-signal", CONTAINER, "StopSignal");
    number("stop-grace-period", CONTAINER, "StopGracePeriod");
    words("entrypoint", "Command");
    words("args", "Args");
    number("limit-cpu", "TaskTemplate.Resources.Limits", "NanoCPUs");
    number("limit-memory", "TaskTemplate.Resources.Limits", "MemoryBytes");
    number("limit-pids", "TaskTemplate.Resources.Limits", "Pids");
    number("reserve-cpu", "TaskTemplate.Resources.Reservations", "NanoCPUs");
    number("reserve-memory", "TaskTemplate.Resources.Reservations", "MemoryBytes");
    text("restart-condition", "TaskTemplate.RestartPolicy", "Condition");
    number("restart-delay", "TaskTemplate.RestartPolicy", "Delay");
    number("restart-max-attempts", "TaskTemplate.RestartPolicy", "MaxAttempts");
    number("restart-window", "TaskTemplate.RestartPolicy", "Window");
    number("restart-backoff", "TaskTemplate.RestartPolicy", "MaxDelay");
    HealthFlags.apply(spec, arguments);
    ScheduleFlags.apply(spec, arguments);
    PlacementFlags.apply(spec, arguments);
    number("replicas-max-per-node", "TaskTemplate.Placement", "MaxReplicas");
    rollout("update", "UpdateConfig");
    rollout("rollback", "RollbackConfig");
    Long unavailable = arguments.get("max-unavailable", Long.class);
    if (unavailable != null) {
      spec.addProperty("MaxUnavailable", unavailable);
    }
    Long replicas = arguments.get("replicas", Long.class);
    if (replicas != null) {
      setReplicas(spec, replicas);
    }
    Long concurrent = arguments.get("max-concurrent", Long.class);
    if (concurrent != null) {
      setMaxConcurrent(concurrent);
    }
  }

  /// Sets the number of tasks; of a job, those that have to complete.
  ///
  /// @throws UsageException if the service has a task on each node
  static void setReplicas(JsonObject spec, long replicas) {
    JsonObject mode = Json.make(spec, "Mode");
    if (mode.has("ReplicatedJob")) {
      Json.make(mode, "ReplicatedJob").addProperty("TotalCompletions", replicas);
      return;
    }
    if (mode.size() > 0 && !mode.has("Replicated")) {
      throw new UsageException(
          "replicas can only be used with replicated or replicated-job mode; this service is "
              + ServiceListing.mode(mode));
    }
    Json.make(mode, "Replicated").addProperty("Replicas", replicas);
  }

  private void setMaxConcurrent(long concurrent) {
    JsonObject mode = Json.make(spec, "Mode");
    if (!mode.has("ReplicatedJob")) {
      throw new UsageException(
          "max-concurrent can only be used with replicated-job mode; this service is "
              + ServiceListing.mode(mode));
    }
    Json.make(mode, "ReplicatedJob").addProperty("MaxConcurrent", concurrent);
  }

  private void rollout(String prefix, String config) {
    number(prefix + "-parallelism", config, "Parallelism");
    number(prefix + "-delay", config, "Delay");
    number(prefix + "-monitor", config, "Monitor");
    text(prefix + "-failure-action", config, "FailureAction");
    text(prefix + "-order", config, "Order");
    number(prefix + "-progress-deadline", config, "ProgressDeadline");
    number(prefix + "-canary", config, "Canary");
    Double ratio = arguments.get(prefix + "-max-failure-ratio", Double.class);
    if (ratio != null) {
      Json.make(spec, config).addProperty("MaxFailureRatio", ratio);
    }
    JsonObject written = Json.object(spec, config);
    if (!written.isEmpty() && !written.has("Parallelism")) {
      // The API takes an absent number as 0, which means all at once.
      written.addProperty("Parallelism", 1);
    }
  }

  private void text(String flag, String parent, String field) {
    String value = arguments.text(flag);
    if (value != null) {
      Json.make(spec, parent).addProperty(field, value);
    }
  }

  private void number(String flag, String parent, String field) {
    Long value = arguments.get(flag, Long.class);
    if (value != null) {
      Json.make(spec, parent).addProperty(field, value);
    }
  }

  private void words(String flag, String field) {
    List<?> value = arguments.get(flag, List.class);
    if (value != null) {
      JsonArray words = new JsonArray();
      value.forEach(word -> words.add(String.valueOf(word)));
      Json.make(spec, CONTAINER).add(field, words);
    }
  }

  /// Adds labels of the service and of its tasks.
  void addLabels(String flag, String containerFlag) {
    for (KeyValue label : arguments.all(flag, KeyValue.class)) {
      Json.make(spec, "Labels").addProperty(label.key(), label.value());
    }
    for (KeyValue label : arguments.all(containerFlag, KeyValue.class)) {
      Json.make(spec, CONTAINER + ".Labels").addProperty(label.key(), label.value());
    }
  }

  /// Removes labels by their keys.
  void removeLabels() {
    arguments.texts("label-rm").forEach(Json.make(spec, "Labels")::remove);
    for (String key : arguments.texts("container-label-rm")) {
      Json.make(spec, CONTAINER + ".Labels").remove(key);
    }
  }

  /// Adds variables; one of the same name is replaced.
  void addEnvironment(List<String> variables) {
    if (variables.isEmpty()) {
      return;
    }
    List<String> all = strings(CONTAINER + ".Env");
    for (String variable : variables) {
      String name = KeyValue.parse(variable).key();
      all.removeIf(other -> KeyValue.parse(other).key().equals(name));
      all.add(variable);
    }
    set(CONTAINER, "Env", all);
  }

  /// Removes variables by their names.
  void removeEnvironment() {
    List<String> names = arguments.texts("env-rm");
    if (!names.isEmpty()) {
      List<String> all = strings(CONTAINER + ".Env");
      all.removeIf(variable -> names.contains(KeyValue.parse(variable).key()));
      set(CONTAINER, "Env", all);
    }
  }

  /// Adds and removes constraints.
  void constraints(String addFlag, String removeFlag) {
    List<String> added = arguments.texts(addFlag);
    List<String> removed = arguments.texts(removeFlag);
    if (added.isEmpty() && removed.isEmpty()) {
      return;
    }
    List<String> all = strings("TaskTemplate.Placement.Constraints");
    all.removeAll(removed);
    for (String constraint : added) {
      if (!all.contains(constraint)) {
        all.add(constraint);
      }
    }
    set("TaskTemplate.Placement", "Constraints", all);
  }

  /// Adds and removes placement preferences.
  void preferences(String addFlag, String removeFlag) {
    List<String> removed = descriptors(removeFlag);
    List<String> added = descriptors(addFlag);
    if (added.isEmpty() && removed.isEmpty()) {
      return;
    }
    JsonArray all = new JsonArray();
    for (JsonElement old : Json.array(spec, "TaskTemplate.Placement.Preferences")) {
      if (!removed.contains(Json.text(old, "Spread.SpreadDescriptor"))) {
        all.add(old);
      }
    }
    for (String descriptor : added) {
      JsonObject preference = new JsonObject();
      Json.make(preference, "Spread").addProperty("SpreadDescriptor", descriptor);
      all.add(preference);
    }
    Json.make(spec, "TaskTemplate.Placement").add("Preferences", all);
  }

  private List<String> descriptors(String flag) {
    List<String> descriptors = new ArrayList<>();
    for (String text : arguments.texts(flag)) {
      if (!text.startsWith("spread=") || text.length() == "spread=".length()) {
        throw new UsageException(
            "invalid placement preference \"" + text + "\": want spread=node.labels.NAME");
      }
      descriptors.add(text.substring("spread=".length()));
    }
    return descriptors;
  }

  /// Publishes ports; one with the same target, protocol and mode replaces the old one.
  void addPorts(String flag) {
    for (List<?> group : arguments.all(flag, List.class)) {
      for (Object each : group) {
        PublishedPort port = (PublishedPort) each;
        removePorts(
            old ->
                Json.number(old, "TargetPort", 0) == port.target()
                    && protocol(old).equals(port.protocol())
                    && (Json.number(old, "PublishedPort", 0) == port.published()
                        || port.published() == 0));
        JsonObject endpoint = Json.make(spec, "EndpointSpec");
        JsonArray ports = Json.array(endpoint, "Ports");
        ports.add(port.toJson());
        endpoint.add("Ports", ports);
      }
    }
  }

  /// Removes ports by target, or by the whole short form.
  void removePorts() {
    for (String text : arguments.texts("publish-rm")) {
      List<PublishedPort> removed;
      try {
        removed = PublishedPort.parse(text);
      } catch (IllegalArgumentException e) {
        throw new UsageException(
            "invalid argument \"" + text + "\" for \"--publish-rm\" flag: " + e.getMessage());
      }
      boolean anyProtocol = text.indexOf('/') < 0 && text.indexOf('=') < 0;
      for (PublishedPort port : removed) {
        removePorts(
            old ->
                Json.number(old, "TargetPort", 0) == port.target()
                    && (anyProtocol || protocol(old).equals(port.protocol()))
                    && (port.published() == 0
                        || Json.number(old, "PublishedPort", 0) == port.published()));
      }
    }
  }

  private void removePorts(Predicate<JsonElement> gone) {
    JsonArray kept = new JsonArray();
    for (JsonElement port : Json.array(spec, "EndpointSpec.Ports")) {
      if (!gone.test(port)) {
        kept.add(port);
      }
    }
    if (Json.at(spec, "EndpointSpec") != null) {
      Json.make(spec, "EndpointSpec").add("Ports", kept);
    }
  }

  private static String protocol(JsonElement port) {
    String protocol = Json.text(port, "Protocol");
    return protocol.isEmpty() ? "tcp" : protocol;
  }

  /// Sets a member of the container's specification to words.
  void containerWords(String field, List<String> words) {
    set(CONTAINER, field, words);
  }

  /// Sets a member of the container's specification.
  void containerText(String field, String value) {
    Json.make(spec, CONTAINER).addProperty(field, value);
  }

  private List<String> strings(String path) {
    List<String> all = new ArrayList<>();
    Json.array(spec, path).forEach(element -> all.add(element.getAsString()));
    return all;
  }

  private void set(String parent, String field, List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    Json.make(spec, parent).add(field, array);
  }

  /// Variables from `--env` and the like, with values from this process where only a name is given.
  static List<String> environment(List<String> given, Map<String, String> here) {
    List<String> variables = new ArrayList<>();
    for (String text : given) {
      try {
        variables.add(KeyValue.environment(text, here));
      } catch (IllegalArgumentException e) {
        throw new UsageException(String.valueOf(e.getMessage()));
      }
    }
    return variables;
  }
}
