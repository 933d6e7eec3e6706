package dev.skein.state;

import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.SpecRevision;
import dev.skein.proto.v1.Task;
import org.jspecify.annotations.Nullable;

/// Finds what a task runs: a task names a revision of its service, and the service keeps those.
public final class Revisions {
  private Revisions() {}

  /// The service's present revision.
  public static SpecRevision current(Service service) {
    return SpecRevision.newBuilder()
        .setVersion(service.getSpecVersion())
        .setTask(service.getSpec().getTaskTemplate())
        .setEndpoint(service.getSpec().getEndpointSpec())
        .build();
  }

  /// The revision with this version, or null when the service no longer has it.
  public static @Nullable SpecRevision find(Service service, long specVersion) {
    if (service.getSpecVersion() == specVersion) {
      return current(service);
    }
    for (var revision : service.getRevisionsList()) {
      if (revision.getVersion() == specVersion) {
        return revision;
      }
    }
    return null;
  }

  /// Whether the service has the revision that the task runs.
  public static boolean has(Service service, Task task) {
    return isCurrent(service, task) || find(service, task.getSpecVersion()) != null;
  }

  /// Whether the task runs its service's present revision.
  public static boolean isCurrent(Service service, Task task) {
    return task.getSpecVersion() == service.getSpecVersion();
  }
}
