package dev.skein.api.route;

import com.google.gson.JsonArray;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.proto.v1.ObjectKind;
import io.grpc.StatusException;
import java.util.List;

/// `/tasks`: what the services' slots run and ran.
final class TaskRoutes {
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
    var found = control.list(ObjectKind.OBJECT_KIND_TASK, Queries.filters(request), false);
    var tasks = new JsonArray();
    for (var i = 0; i < found.getObjectsCount(); i++) {
      tasks.add(Views.task(found.getObjects(i).getTask(), found.getTaskDetails(i)));
    }
    return Response.json(tasks).at(found.getIndex());
  }

  private Response inspect(Request request) throws StatusException {
    var found = control.get(ObjectKind.OBJECT_KIND_TASK, request.parameter("id"));
    return Response.json(Views.task(found.getObject().getTask(), found.getTaskDetail()))
        .at(found.getIndex());
  }
}
