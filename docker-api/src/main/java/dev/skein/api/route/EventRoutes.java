package dev.skein.api.route;

import static dev.skein.api.ApiException.badRequest;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.protobuf.Timestamp;
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
  private static final Timestamp LONG_PAST = Timestamp.newBuilder().setSeconds(1).build();
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
    refuseEarly(events.build());
    var stream = control.stream();
    return new Response.Stream(
        "application/json",
        sink -> {
          var happened = stream.events(events.build());
          for (var event = happened.read(); event != null; event = happened.read()) {
            sink.write((json(event) + "\n").getBytes(UTF_8));
          }
        });
  }

  /// A stream that is silent can't be told from one that will be refused, and the headers must be
  /// sent at once. So the same is asked of a time long past first: that ends at once, or is
  /// refused.
  private void refuseEarly(EventsRequest events) throws StatusException, InterruptedException {
    var past = control.call().events(events.toBuilder().setUntil(LONG_PAST).build());
    while (past.read() != null) {
      // None is expected; what comes is not what was asked for.
    }
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
