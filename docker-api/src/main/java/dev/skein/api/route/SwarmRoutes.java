package dev.skein.api.route;

import static dev.skein.api.ApiException.badRequest;
import static dev.skein.api.ApiException.unavailable;
import static dev.skein.api.ApiException.unsupported;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.skein.api.ApiException;
import dev.skein.api.LocalNode;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.InitRequest;
import dev.skein.proto.v1.JoinRequest;
import dev.skein.proto.v1.LocalNodeState;
import dev.skein.proto.v1.UpdateClusterRequest;
import io.grpc.StatusException;
import java.util.List;

/// `/swarm`: this node's membership, and the swarm's own settings.
final class SwarmRoutes {
  private final ControlClient control;
  private final ClusterView clusters;
  private final LocalNode node;

  SwarmRoutes(ControlClient control, LocalNode node) {
    this.control = control;
    this.clusters = new ClusterView(control);
    this.node = node;
  }

  List<Route> routes() {
    return List.of(
        Route.of("GET", "/swarm", this::inspect),
        Route.of("POST", "/swarm/init", this::init),
        Route.of("POST", "/swarm/join", this::join),
        Route.of("POST", "/swarm/leave", this::leave),
        Route.of("POST", "/swarm/update", this::update),
        Route.of("GET", "/swarm/unlockkey", this::unlockKey),
        Route.of("POST", "/swarm/unlock", this::unlock));
  }

  private Response inspect(Request request) throws StatusException, InterruptedException {
    var cluster = clusters.read();
    var json = ClusterView.json(cluster);
    json.add("JoinTokens", ProtoJson.toJson(cluster.getJoinTokens()));
    return Response.json(json);
  }

  private Response init(Request request) throws InterruptedException {
    var init = ProtoJson.fromJson(request.json(), InitRequest.getDefaultInstance());
    refuseAutolock(init.getSpec());
    // A bare string, as Docker answers.
    return Response.json(new JsonPrimitive(node.init(init)));
  }

  private Response join(Request request) throws InterruptedException {
    var join = ProtoJson.fromJson(request.json(), JoinRequest.getDefaultInstance());
    if (join.getRemoteAddrsCount() == 0) {
      throw badRequest("RemoteAddrs is empty: give the address of a manager, as in 10.0.0.1:2377");
    }
    if (join.getJoinToken().isEmpty()) {
      throw badRequest(
          "JoinToken is empty: give the token that \"skein swarm join-token worker\" prints");
    }
    node.join(join);
    return new Response.Empty(200);
  }

  private Response leave(Request request) throws InterruptedException {
    node.leave(request.flag("force"));
    return new Response.Empty(200);
  }

  private Response update(Request request) throws StatusException {
    if (request.flag("rotateManagerUnlockKey")) {
      throw unsupported("locking managers is not supported yet, so that there is no unlock key");
    }
    var spec = ProtoJson.fromJson(request.json(), ClusterSpec.getDefaultInstance());
    refuseAutolock(spec);
    var update =
        UpdateClusterRequest.newBuilder()
            .setVersion(Queries.version(request, "swarm"))
            .setSpec(spec)
            .setKeepBeyondDocker(request.isDockers())
            .setRotateWorkerToken(request.flag("rotateWorkerToken"))
            .setRotateManagerToken(request.flag("rotateManagerToken"));
    var updated = control.call().updateCluster(update.build());
    return new Response.Empty(200).at(updated.getIndex());
  }

  private static void refuseAutolock(ClusterSpec spec) {
    if (spec.getEncryptionConfig().getAutoLockManagers()) {
      throw unsupported("EncryptionConfig.AutoLockManagers: locking managers is not supported yet");
    }
  }

  private Response unlockKey(Request request) {
    control.requireManager();
    var json = new JsonObject();
    json.addProperty("UnlockKey", "");
    return Response.json(json);
  }

  private Response unlock(Request request) {
    if (node.info().getLocalNodeState() == LocalNodeState.LOCAL_NODE_STATE_INACTIVE) {
      throw unavailable("This node is not part of a swarm");
    }
    throw new ApiException(409, "swarm is not locked");
  }
}
