package dev.skein.api.json;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The fields that Docker's API has in a message and Skein doesn't yet, so that a refusal can tell
/// them from misspelt ones.
final class DockerFields {
  private static final Map<String, Set<String>> FIELDS =
      Map.of(
          "skein.v1.ContainerSpec",
          lower(
              "CapabilityAdd",
              "CapabilityDrop",
              "Configs",
              "DNSConfig",
              "Hosts",
              "Init",
              "Isolation",
              "Mounts",
              "OomScoreAdj",
              "OpenStdin",
              "Privileges",
              "ReadOnly",
              "Secrets",
              "Sysctls",
              "TTY",
              "Ulimits"),
          "skein.v1.TaskSpec",
          lower("LogDriver", "NetworkAttachmentSpec", "Networks", "PluginSpec"),
          "skein.v1.ServiceSpec",
          lower("Networks"),
          "skein.v1.ClusterSpec",
          lower("TaskDefaults"),
          "skein.v1.CaConfig",
          lower("ExternalCAs", "ForceRotate", "SigningCACert", "SigningCAKey"),
          "skein.v1.InitRequest",
          lower("AutoLockManagers"));

  private DockerFields() {}

  private static Set<String> lower(String... names) {
    return Set.of(
        Arrays.stream(names).map(name -> name.toLowerCase(Locale.ROOT)).toArray(String[]::new));
  }

  static boolean isKnown(String message, String field) {
    return FIELDS.getOrDefault(message, Set.of()).contains(field.toLowerCase(Locale.ROOT));
  }

  /// Whether a value, though not empty, asks only for what happens anyway.
  static boolean isDefault(String message, String field, JsonElement value) {
    return message.equals("skein.v1.ContainerSpec")
        && field.equalsIgnoreCase("Isolation")
        && value instanceof JsonPrimitive primitive
        && primitive.getAsString().equals("default");
  }
}
