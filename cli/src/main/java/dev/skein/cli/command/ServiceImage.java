package dev.skein.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;

/// What a task runs, as listings show it.
final class ServiceImage {
  /// The runtime of a task that is a process of the host.
  static final String PROCESS_RUNTIME = "process";

  /// What stands for the image of such a task, because the API wants one.
  static final String PROCESS_IMAGE = "skein/process";

  private ServiceImage() {}

  static boolean isProcess(JsonObject taskTemplate) {
    return Json.text(taskTemplate, "Runtime").equals(PROCESS_RUNTIME);
  }

  /// The image without its digest, or `process: PROGRAM`.
  ///
  /// @param full whether the digest is wanted too
  static String of(JsonObject taskTemplate, boolean full) {
    String image = Json.text(taskTemplate, "ContainerSpec.Image");
    if (isProcess(taskTemplate) || image.equals(PROCESS_IMAGE)) {
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
