package dev.skein.api.route;

import static dev.skein.api.ApiException.badRequest;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.CreateServiceRequest;
import dev.skein.proto.v1.CreateServiceResponse;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.RemoveServiceRequest;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.UpdateServiceRequest;
import dev.skein.state.Defaults;
import dev.skein.state.Mode;
import io.grpc.Status;
import io.grpc.StatusException;
import java.util.List;

/// `/services`: what the swarm is to run.
final class ServiceRoutes {
  /// A generated name may be taken; so many are tried.
  private static final int MAX_NAME_ATTEMPTS = 5;

  private final ControlClient control;
  private final ServiceNames names;

  ServiceRoutes(ControlClient control, ServiceNames names) {
    this.control = control;
    this.names = names;
  }

  List<Route> routes() {
    var logs = new LogStream(control, ObjectKind.OBJECT_KIND_SERVICE);
    return List.of(
        Route.of("GET", "/services", this::list),
        Route.of("POST", "/services/create", this::create),
        Route.of("GET", "/services/{id}", this::inspect),
        Route.of("POST", "/services/{id}/update", this::update),
        Route.of("POST", "/skein/v1/services/{id}/promote", this::promote),
        Route.of("DELETE", "/services/{id}", this::remove),
        Route.of("GET", "/services/{id}/logs", logs::handle));
  }

  private Response list(Request request) throws StatusException, InterruptedException {
    var withStatus = request.flag("status");
    var found = control.list(ObjectKind.OBJECT_KIND_SERVICE, Queries.filters(request), withStatus);
    var services = new JsonArray();
    for (var i = 0; i < found.getObjectsCount(); i++) {
      services.add(
          Views.service(
              found.getObjects(i).getService(), withStatus ? found.getServiceStatuses(i) : null));
    }
    return Response.json(services).at(found.getIndex());
  }

  private Response inspect(Request request) throws StatusException {
    var found = control.get(ObjectKind.OBJECT_KIND_SERVICE, request.parameter("id"));
    var service = found.getObject().getService();
    if (request.flag("insertDefaults")) {
      service = service.toBuilder().setSpec(SpecDefaults.inserted(service.getSpec())).build();
    }
    return Response.json(Views.service(service, null)).at(found.getIndex());
  }

  private Response create(Request request) throws StatusException {
    var spec = spec(request);
    var created =
        spec.getName().isEmpty()
            ? createWithGeneratedName(spec)
            : control.call().createService(CreateServiceRequest.newBuilder().setSpec(spec).build());
    var json = new JsonObject();
    json.addProperty("ID", created.getId());
    addWarnings(json, created.getWarningsList());
    return new Response.Json(201, json).at(created.getIndex());
  }

  private CreateServiceResponse createWithGeneratedName(ServiceSpec spec) throws StatusException {
    for (var attempt = 1; ; attempt++) {
      var named = CreateServiceRequest.newBuilder().setSpec(spec.toBuilder().setName(names.next()));
      try {
        return control.call().createService(named.build());
      } catch (StatusException e) {
        if (e.getStatus().getCode() != Status.Code.ALREADY_EXISTS || attempt == MAX_NAME_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private Response update(Request request) throws StatusException {
    var update =
        UpdateServiceRequest.newBuilder()
            .setRef(request.parameter("id"))
            .setVersion(Queries.version(request, "service"))
            .setKeepBeyondDocker(request.isDockers());
    var rollback = request.query("rollback");
    if (rollback == null) {
      update.setSpec(spec(request));
    } else if (rollback.equals("previous")) {
      update.setRollback(true);
    } else {
      throw badRequest("invalid 'rollback' value '" + rollback + "', expected previous");
    }
    return send(update);
  }

  private Response promote(Request request) throws StatusException {
    return send(
        UpdateServiceRequest.newBuilder()
            .setRef(request.parameter("id"))
            .setVersion(Queries.version(request, "service"))
            .setPromote(true));
  }

  private Response send(UpdateServiceRequest.Builder update) throws StatusException {
    var updated = control.call().updateService(update.build());
    var json = new JsonObject();
    addWarnings(json, updated.getWarningsList());
    return Response.json(json).at(updated.getVersion().getIndex());
  }

  private static ServiceSpec spec(Request request) {
    var read = ProtoJson.fromJson(request.json(), ServiceSpec.getDefaultInstance());
    var spec = ProcessImage.normalized(read);
    return counted(spec);
  }

  /// Docker stores the numbers, and its clients read them without asking.
  private static ServiceSpec counted(ServiceSpec spec) {
    var counted = spec.toBuilder();
    switch (Mode.of(spec)) {
      case REPLICATED ->
          counted.getModeBuilder().getReplicatedBuilder().setReplicas(Defaults.replicas(spec));
      case REPLICATED_JOB -> {
        var job = counted.getModeBuilder().getReplicatedJobBuilder();
        job.setTotalCompletions(Defaults.totalCompletions(spec));
        if (Defaults.maxConcurrent(spec) > 0) {
          job.setMaxConcurrent(Defaults.maxConcurrent(spec));
        }
      }
      case GLOBAL, GLOBAL_JOB -> {}
    }
    return counted.build();
  }

  private Response remove(Request request) throws StatusException {
    var removal = RemoveServiceRequest.newBuilder().setRef(request.parameter("id"));
    var removed = control.call().removeService(removal.build());
    return new Response.Empty(200).at(removed.getIndex());
  }

  private static void addWarnings(JsonObject json, List<String> warnings) {
    if (!warnings.isEmpty()) {
      var array = new JsonArray();
      warnings.forEach(array::add);
      json.add("Warnings", array);
    }
  }
}
