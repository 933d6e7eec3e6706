package dev.skein.api.route;

import com.google.gson.JsonArray;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Task;
import io.grpc.StatusException;
import java.util.List;

/// `/tasks`: what the services' slots run and ran.
final class TaskRoutes {
  private static final String UP_TO_DATE = "_up-to-date";

  private final ControlClient control;

  TaskRoutes(ControlClient control) {
    this.control = control;
  }

  List<Route> routes() {
    var logs = new LogStream(control, ObjectKind.OBJECT_KIND_TASK);
    return List.of(
        Route.of("GET", "/tasks", this::list),
        Route.of("GET", "/tasks/{id}", this::inspect),
        Route.of("GET", "/tasks/{id}/logs", logs::handle));
  }

  private Response list(Request request) throws StatusException, InterruptedException {
    var filters = Queries.filters(request);
    var found = control.list(ObjectKind.OBJECT_KIND_TASK, filters, false);
    var isFollowing = filters.stream().anyMatch(filter -> filter.getName().equals(UP_TO_DATE));
    var tasks = new JsonArray();
    for (var i = 0; i < found.getObjectsCount(); i++) {
      var task = found.getObjects(i).getTask();
      tasks.add(Views.task(isFollowing ? slotFromZero(task) : task, found.getTaskDetails(i)));
    }
    return Response.json(tasks).at(found.getIndex());
  }

  /// A job's slots are numbered from 1, as those of services are. SwarmKit numbers them from 0, and
  /// Docker's client, which follows what it has created by this filter, waits for slot 0 for ever.
  private static Task slotFromZero(Task task) {
    return task.hasJobIteration() && task.getSlot() > 0
        ? task.toBuilder().setSlot(task.getSlot() - 1).build()
        : task;
  }

  private Response inspect(Request request) throws StatusException {
    var found = control.get(ObjectKind.OBJECT_KIND_TASK, request.parameter("id"));
    return Response.json(Views.task(found.getObject().getTask(), found.getTaskDetail()))
        .at(found.getIndex());
  }
}
