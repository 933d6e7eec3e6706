package dev.skein.chaos.workload;

import com.google.gson.JsonElement;
import dev.skein.chaos.history.Notice;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Watches services through one manager, and goes on where it was after each break; begins anew
/// only when it is told that what it asks for is no longer kept. One thread runs it; any may stop
/// it.
final class Watcher {
  private static final long PAUSE_NANOS = Duration.ofMillis(100).toNanos();
  private static final int BAD_REQUEST = 400;

  private final Manager manager;
  private final String prefix;
  private final int answerSeconds;
  private final Consumer<Notice> told;

  // What was told up to here, all of it but perhaps not of the last index; 0 before the beginning.
  private volatile long position;
  private final Set<String> toldAtPosition = new HashSet<>();
  private volatile @Nullable EngineClient client;
  private volatile boolean stopped;

  /// Watches nothing yet.
  ///
  /// @param prefix of the names of the services that it is about
  /// @param told takes what it is told; by the watcher's thread
  Watcher(Manager manager, String prefix, int answerSeconds, Consumer<Notice> told) {
    this.manager = manager;
    this.prefix = prefix;
    this.answerSeconds = answerSeconds;
    this.told = told;
  }

  String name() {
    return manager.name();
  }

  /// The index up to which it was told all, or nearly all: of this one some may be missing.
  long position() {
    return position;
  }

  /// Ends it, also while it waits for events. To be called until it has ended.
  void stop() {
    stopped = true;
    var current = client;
    if (current != null) {
      try {
        current.close();
      } catch (IOException e) {
        // It is gone in any case.
      }
    }
  }

  void run() {
    while (!stopped) {
      try (var opened = manager.client(answerSeconds)) {
        client = opened;
        if (stopped) {
          return;
        }
        if (position == 0) {
          begin(opened);
        }
        follow(opened);
      } catch (ApiException e) {
        // So it answers when the events are no longer kept. What else may be wrong with the request
        // would show at the beginning too, again and again.
        if (e.status() == BAD_REQUEST) {
          position = 0;
        }
      } catch (IOException | Json.SyntaxException e) {
        // It breaks off where a manager ends, and perhaps in the middle of an event.
      }
      if (!stopped) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  /// From the state of now on.
  private void begin(EngineClient opened) throws IOException {
    opened.list(Query.of("/services").filters(Map.of("name", List.of("none"))).toString());
    var index = opened.index();
    toldAtPosition.clear();
    position = index;
    told.accept(Notice.began(manager.name(), index));
  }

  private void follow(EngineClient opened) throws IOException, Json.SyntaxException {
    // Of the last index some events may be missing: it is asked for again, and what is known of it
    // left out.
    var after = toldAtPosition.isEmpty() ? position : position - 1;
    var query =
        Query.of("/events").with("afterIndex", after).filters(Map.of("type", List.of("service")));
    try (var reader =
        new InputStreamReader(opened.stream(query.toString()).body(), StandardCharsets.UTF_8)) {
      var events = new Json.Sequence(reader);
      for (var event = events.next(); event != null; event = events.next()) {
        take(event);
      }
    }
  }

  private void take(JsonElement event) {
    var index = Json.number(event, "index", 0);
    var id = Json.text(event, "Actor.ID");
    if (index == position && !toldAtPosition.add(id)) {
      return;
    }
    if (index != position) {
      toldAtPosition.clear();
      toldAtPosition.add(id);
    }
    var name = Json.text(event, "Actor.Attributes.name");
    if (name.startsWith(prefix)) {
      told.accept(Notice.event(manager.name(), index, Json.text(event, "Action"), id, name));
    }
    position = index;
  }
}
