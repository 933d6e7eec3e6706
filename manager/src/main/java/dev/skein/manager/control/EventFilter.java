package dev.skein.manager.control;

import dev.skein.proto.v1.Event;
import dev.skein.proto.v1.EventsRequest;
import dev.skein.state.Times;
import java.time.Instant;
import java.util.Set;

/// Which events a reader asked for.
final class EventFilter {
  /// The filters that name no object.
  private static final Set<String> GENERAL = Set.of("type", "event", "scope", "label");

  /// Docker's kinds that this program has no events of are known, and match nothing.
  private static final Set<String> KNOWN =
      Set.of(
          "type",
          "event",
          "scope",
          "label",
          "node",
          "service",
          "task",
          "cluster",
          "container",
          "image",
          "network",
          "volume",
          "secret",
          "config",
          "plugin",
          "daemon");

  private final Filters filters;
  private final Instant since;
  private final Instant until;

  /// @throws Rejection for a filter that there is not
  EventFilter(EventsRequest request) throws Rejection {
    this.filters = new Filters(request.getFiltersList(), KNOWN);
    this.since = request.hasSince() ? Times.instant(request.getSince()) : Instant.MIN;
    this.until = request.hasUntil() ? Times.instant(request.getUntil()) : Instant.MAX;
  }

  /// When the stream ends; [Instant#MAX] for never.
  Instant until() {
    return until;
  }

  boolean includes(Event event) {
    var time = Times.instant(event.getTime());
    return !time.isBefore(since)
        && !time.isAfter(until)
        && filters.any("type", event.getType(), String::equals)
        && filters.any("event", event.getAction(), String::equals)
        && filters.any("scope", "swarm", String::equals)
        && filters.labels("label", event.getAttributesMap())
        && isOfNamedObject(event);
  }

  /// Filters that name objects are alternatives among each other: `node=a` and `service=b` are
  /// events of either. A service's name also means its tasks.
  private boolean isOfNamedObject(Event event) {
    var named = false;
    for (var type : KNOWN) {
      if (GENERAL.contains(type)) {
        continue;
      }
      for (var value : filters.of(type)) {
        named = true;
        if (event.getType().equals(type) && isCalled(event, value)) {
          return true;
        }
        if (type.equals("service") && event.getType().equals("task") && isTaskOf(event, value)) {
          return true;
        }
      }
    }
    return !named;
  }

  private static boolean isCalled(Event event, String value) {
    return event.getActorId().equals(value)
        || value.equals(event.getAttributesOrDefault("name", ""));
  }

  private static boolean isTaskOf(Event event, String service) {
    return service.equals(event.getAttributesOrDefault("service.id", ""))
        || service.equals(event.getAttributesOrDefault("service.name", ""));
  }
}
