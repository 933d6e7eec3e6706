package dev.skein.api.route;

import static dev.skein.api.ApiException.badRequest;

import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.RearrangeRequest;
import dev.skein.proto.v1.RearrangementPurpose;
import io.grpc.StatusException;
import java.util.List;

/// `/skein/v1/…/rebalance` and `/skein/v1/swarm/consolidate`: moves of replicas to other nodes.
final class RearrangeRoutes {
  private final ControlClient control;

  RearrangeRoutes(ControlClient control) {
    this.control = control;
  }

  List<Route> routes() {
    return List.of(
        Route.of(
            "POST",
            "/skein/v1/services/{id}/rebalance",
            request -> rearrange(request, rebalance().setServiceRef(request.parameter("id")))),
        Route.of("POST", "/skein/v1/swarm/rebalance", request -> rearrange(request, rebalance())),
        Route.of(
            "POST",
            "/skein/v1/swarm/rebalance/stop",
            request -> rearrange(request, RearrangeRequest.newBuilder().setStop(true))),
        Route.of(
            "POST",
            "/skein/v1/swarm/consolidate",
            request ->
                rearrange(
                    request,
                    RearrangeRequest.newBuilder()
                        .setPurpose(RearrangementPurpose.REARRANGEMENT_PURPOSE_CONSOLIDATE))));
  }

  private static RearrangeRequest.Builder rebalance() {
    return RearrangeRequest.newBuilder()
        .setPurpose(RearrangementPurpose.REARRANGEMENT_PURPOSE_REBALANCE);
  }

  private Response rearrange(Request request, RearrangeRequest.Builder asked)
      throws StatusException {
    asked.setDryRun(request.flag("dryRun"));
    var maxMoves = request.query("maxMoves");
    if (maxMoves != null) {
      try {
        asked.setMaxMoves(Integer.parseUnsignedInt(maxMoves));
      } catch (NumberFormatException e) {
        throw badRequest("invalid 'maxMoves' value '" + maxMoves + "', expected a whole number");
      }
    }
    return Response.json(ProtoJson.toJson(control.call().rearrange(asked.build())));
  }
}
