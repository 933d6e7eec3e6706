package dev.skein.api.route;

import com.google.gson.JsonArray;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.LeadNodeRequest;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.RemoveNodeRequest;
import dev.skein.proto.v1.UpdateNodeRequest;
import io.grpc.StatusException;
import java.util.List;

/// `/nodes`: the swarm's nodes.
final class NodeRoutes {
  private final ControlClient control;

  NodeRoutes(ControlClient control) {
    this.control = control;
  }

  List<Route> routes() {
    return List.of(
        Route.of("GET", "/nodes", this::list),
        Route.of("GET", "/nodes/{id}", this::inspect),
        Route.of("POST", "/nodes/{id}/update", this::update),
        Route.of("DELETE", "/nodes/{id}", this::remove),
        Route.of("POST", "/skein/v1/nodes/{id}/lead", this::lead));
  }

  private Response list(Request request) throws StatusException, InterruptedException {
    var nodes = new JsonArray();
    var found = control.list(ObjectKind.OBJECT_KIND_NODE, Queries.filters(request), false);
    found.getObjectsList().forEach(object -> nodes.add(Views.node(object.getNode())));
    return Response.json(nodes).at(found.getIndex());
  }

  private Response inspect(Request request) throws StatusException {
    var found = control.get(ObjectKind.OBJECT_KIND_NODE, request.parameter("id"));
    return Response.json(Views.node(found.getObject().getNode())).at(found.getIndex());
  }

  private Response update(Request request) throws StatusException {
    var update =
        UpdateNodeRequest.newBuilder()
            .setRef(request.parameter("id"))
            .setVersion(Queries.version(request, "node"))
            .setKeepBeyondDocker(request.isDockers())
            .setSpec(ProtoJson.fromJson(request.json(), NodeSpec.getDefaultInstance()));
    var updated = control.call().updateNode(update.build());
    return new Response.Empty(200).at(updated.getVersion().getIndex());
  }

  private Response lead(Request request) throws StatusException {
    control.call().leadNode(LeadNodeRequest.newBuilder().setRef(request.parameter("id")).build());
    return new Response.Empty(200);
  }

  private Response remove(Request request) throws StatusException {
    var removal =
        RemoveNodeRequest.newBuilder()
            .setRef(request.parameter("id"))
            .setForce(request.flag("force"));
    var removed = control.call().removeNode(removal.build());
    return new Response.Empty(200).at(removed.getIndex());
  }
}
