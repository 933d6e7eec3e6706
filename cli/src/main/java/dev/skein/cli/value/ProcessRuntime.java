package dev.skein.cli.value;

import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;

/// How the API says that a task is a process of the host.
public final class ProcessRuntime {
  /// The runtime of such a task.
  public static final String NAME = "process";

  /// What stands for its image, because the API wants one.
  public static final String IMAGE = "skein/process";

  private ProcessRuntime() {}

  /// Whether a task template is for a process. The image tells too: Docker's own client leaves out
  /// a runtime that it does not know, and so may an answer that keeps to Docker's fields.
  public static boolean is(JsonObject taskTemplate) {
    return Json.text(taskTemplate, "Runtime").equals(NAME)
        || Json.text(taskTemplate, "ContainerSpec.Image").equals(IMAGE);
  }
}
