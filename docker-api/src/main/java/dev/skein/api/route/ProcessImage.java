package dev.skein.api.route;

import static dev.skein.api.ApiException.badRequest;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.skein.proto.v1.ServiceSpec;
import java.util.regex.Pattern;

/// The image that stands for "no image": a service of it runs host processes.
///
/// Docker's clients can't name a runtime, so `docker service create skein/process sleep 100` asks
/// for it by this image, with any tag. They send the words after the image as `Args`: the first
/// is then the program. `Command` and `Args` together are always the process's argument vector.
final class ProcessImage {
  static final String NAME = "skein/process";
  private static final String RUNTIME = "process";
  private static final Pattern PATTERN =
      Pattern.compile("(?:docker\\.io/)?" + NAME + "(?::[\\w.-]{1,128})?(?:@[\\w:+.-]{1,256})?");

  private ProcessImage() {}

  /// Takes the runtime out of a task template's JSON; the image says it. Docker's client refuses to
  /// send back a container spec whose runtime is another than `container`, so that it could neither
  /// scale nor update what it was shown.
  static void hideRuntime(JsonObject taskTemplate) {
    if (taskTemplate.get("Runtime") instanceof JsonPrimitive runtime
        && runtime.getAsString().equals(RUNTIME)) {
      taskTemplate.remove("Runtime");
    }
  }

  static boolean matches(String image) {
    return PATTERN.matcher(image).matches();
  }

  /// The spec with runtime and image agreeing.
  ///
  /// @throws dev.skein.api.ApiException 400 for the process runtime with another image
  static ServiceSpec normalized(ServiceSpec spec) {
    var task = spec.getTaskTemplate();
    var image = task.getContainerSpec().getImage();
    var isProcessImage = matches(image);
    if (task.getRuntime().equals(RUNTIME) && !image.isEmpty() && !isProcessImage) {
      throw badRequest(
          "TaskTemplate.ContainerSpec.Image: the runtime process has no images, got "
              + image
              + ": leave it out or use "
              + NAME);
    }
    if (!isProcessImage && !task.getRuntime().equals(RUNTIME)) {
      return spec;
    }
    if (!task.getRuntime().isEmpty() && !task.getRuntime().equals(RUNTIME)) {
      throw badRequest(
          "TaskTemplate.Runtime: the image "
              + NAME
              + " runs as process, not as "
              + task.getRuntime());
    }
    var normalized = spec.toBuilder();
    normalized
        .getTaskTemplateBuilder()
        .setRuntime(RUNTIME)
        .getContainerSpecBuilder()
        .setImage(NAME);
    return normalized.build();
  }
}
