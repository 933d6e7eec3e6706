package dev.skein.api.route;

import static dev.skein.api.ApiException.badRequest;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import dev.skein.proto.v1.Event;
import dev.skein.proto.v1.EventsRequest;
import io.grpc.StatusException;
import java.util.List;
import java.util.regex.Pattern;

/// `/events`: what happens to the swarm's objects, as a stream of JSON objects. Beside Docker's
/// parameters, `afterIndex` resumes after an event that was seen (its `index`).
final class EventRoutes {
  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final Pattern INDEX = Pattern.compile("[0-9]{1,18}");

  private final ControlClient control;

  EventRoutes(ControlClient control) {
    this.control = control;
  }

  List<Route> routes() {
    return List.of(Route.of("GET", "/events", this::stream));
  }

  private Response stream(Request request) throws StatusException, InterruptedException {
    var events = EventsRequest.newBuilder().addAllFilters(Queries.filters(request));
    var since = Queries.time(request, "since");
    if (since != null) {
      events.setSince(since);
    }
    var until = Queries.time(request, "until");
    if (until != null) {
      events.setUntil(until);
    }
    var afterIndex = request.query("afterIndex");
    if (afterIndex != null) {
      if (!INDEX.matcher(afterIndex).matches()) {
        throw badRequest("invalid 'afterIndex' value '" + afterIndex + "', expected a number");
      }
      events.setAfterIndex(Long.parseLong(afterIndex));
    }
    var stream = GrpcStream.open(control.stream().events(events.build()));
    return new Response.Stream(
        "application/json",
        sink -> {
          try (stream) {
            for (var event = stream.next(); event != null; event = stream.next()) {
              sink.write((json(event) + "\n").getBytes(UTF_8));
            }
          }
        });
  }

  private static JsonObject json(Event event) {
    var attributes = new JsonObject();
    event.getAttributesMap().forEach(attributes::addProperty);
    var actor = new JsonObject();
    actor.addProperty("ID", event.getActorId());
    actor.add("Attributes", attributes);
    var json = new JsonObject();
    json.addProperty("Type", event.getType());
    json.addProperty("Action", event.getAction());
    json.add("Actor", actor);
    json.addProperty("scope", "swarm");
    var time = event.getTime();
    json.addProperty("time", time.getSeconds());
    json.addProperty("timeNano", time.getSeconds() * NANOS_PER_SECOND + time.getNanos());
    json.addProperty("index", event.getIndex());
    return json;
  }
}
