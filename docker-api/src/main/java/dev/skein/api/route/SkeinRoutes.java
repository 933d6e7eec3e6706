package dev.skein.api.route;

import static dev.skein.api.ApiException.unavailable;

import com.google.gson.JsonObject;
import dev.skein.api.ApiConfig;
import dev.skein.api.LocalNode;
import dev.skein.api.http.ApiVersion;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.ExplainServiceRequest;
import dev.skein.state.SnapshotCodec;
import io.grpc.StatusException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/// `/skein/v1/`: what Docker's API has no place for, in its style.
final class SkeinRoutes {
  private final ApiConfig config;
  private final ControlClient control;
  private final LocalNode node;
  private final Host host;
  private final Instant startedAt;

  SkeinRoutes(
      ApiConfig config, ControlClient control, LocalNode node, Host host, InstantSource clock) {
    this.config = config;
    this.control = control;
    this.node = node;
    this.host = host;
    this.startedAt = clock.instant();
  }

  List<Route> routes() {
    return List.of(
        Route.of("GET", "/skein/v1/node", this::node),
        Route.of("GET", "/skein/v1/state", this::state),
        Route.of("GET", "/skein/v1/services/{id}/explain", this::explain));
  }

  /// Why a service is not as it is asked for.
  private Response explain(Request request) throws StatusException {
    var asked = ExplainServiceRequest.newBuilder().setRef(request.parameter("id"));
    return Response.json(ProtoJson.toJson(control.call().explainService(asked.build())));
  }

  /// This node and its daemon: versions, capabilities with what is missing, memory.
  private Response node(Request request) {
    var json = new JsonObject();
    json.addProperty("Version", config.version());
    json.addProperty("ApiVersion", ApiVersion.MAX.toString());
    json.addProperty("JavaVersion", Runtime.version().toString());
    json.addProperty("OperatingSystem", host.operatingSystem());
    json.addProperty("KernelVersion", host.kernelVersion());
    json.addProperty("StateDirectory", config.stateDirectory().toString());
    json.addProperty("Pid", ProcessHandle.current().pid());
    json.addProperty("StartedAt", startedAt.toString());
    json.add("Memory", memory());
    json.add("Description", ProtoJson.toJson(node.description()));
    json.add("Swarm", ProtoJson.toJson(node.info()));
    return Response.json(json);
  }

  /// How far this manager's own copy of the state is, and a digest of it: managers at the same
  /// index have the same. It asks no other manager, and so also answers without a leader.
  private Response state(Request request) {
    control.requireManager();
    var replica = node.replica();
    if (replica == null) {
      throw unavailable("This node is not a swarm manager (any more).");
    }
    var json = new JsonObject();
    json.addProperty("Index", replica.index());
    json.addProperty("Digest", SnapshotCodec.digest(replica));
    return Response.json(json).at(replica.index());
  }

  private static JsonObject memory() {
    var runtime = Runtime.getRuntime();
    var json = new JsonObject();
    json.addProperty("ResidentBytes", Host.residentBytes());
    json.addProperty("HeapUsedBytes", runtime.totalMemory() - runtime.freeMemory());
    json.addProperty("HeapCommittedBytes", runtime.totalMemory());
    json.addProperty("HeapMaxBytes", runtime.maxMemory());
    return json;
  }
}
