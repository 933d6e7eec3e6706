package dev.skein.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import dev.skein.cli.value.ProcessRuntime;

/// What a task runs, as listings show it.
final class ServiceImage {
  private ServiceImage() {}

  /// The image without its digest, or `process: PROGRAM`.
  ///
  /// @param full whether the digest is wanted too
  static String of(JsonObject taskTemplate, boolean full) {
    String image = Json.text(taskTemplate, "ContainerSpec.Image");
    if (ProcessRuntime.is(taskTemplate)) {
      JsonArray command = Json.array(taskTemplate, "ContainerSpec.Command");
      if (command.isEmpty()) {
        command = Json.array(taskTemplate, "ContainerSpec.Args");
      }
      return command.isEmpty() ? "process" : "process: " + command.get(0).getAsString();
    }
    int digest = image.indexOf("@sha256:");
    return full || digest < 0 ? image : image.substring(0, digest);
  }
}
