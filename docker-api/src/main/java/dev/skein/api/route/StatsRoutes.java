package dev.skein.api.route;

import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.StatsRequest;
import io.grpc.StatusException;
import java.util.List;

/// `/skein/v1/…/stats`: what is used now, as far as nodes have told the leader.
final class StatsRoutes {
  private final ControlClient control;

  StatsRoutes(ControlClient control) {
    this.control = control;
  }

  List<Route> routes() {
    return List.of(
        Route.of(
            "GET", "/skein/v1/stats", request -> stats(ObjectKind.OBJECT_KIND_UNSPECIFIED, "")),
        Route.of(
            "GET",
            "/skein/v1/services/{id}/stats",
            request -> stats(ObjectKind.OBJECT_KIND_SERVICE, id(request))),
        Route.of(
            "GET",
            "/skein/v1/nodes/{id}/stats",
            request -> stats(ObjectKind.OBJECT_KIND_NODE, id(request))));
  }

  private static String id(Request request) {
    return request.parameter("id");
  }

  private Response stats(ObjectKind kind, String ref) throws StatusException {
    var request = StatsRequest.newBuilder().setKind(kind).setRef(ref).build();
    return Response.json(ProtoJson.toJson(control.call().stats(request)));
  }
}
