package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.client.UnreachableException;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.format.Json;
import dev.skein.cli.format.Listing;
import dev.skein.cli.format.Template;
import dev.skein.cli.value.Timestamp;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// `skein events`
final class EventsCommand {
  private static final long SECOND_NANOS = 1_000_000_000;

  private EventsCommand() {}

  static Leaf leaf() {
    return Leaf.of("[OPTIONS]", "Show what happens in the swarm, as it happens.")
        .flags(
            Filters.FILTER,
            Flag.string("format", (char) 0, "string", "Print with a template, or 'json'"),
            Flag.string("since", (char) 0, "string", "Show also what happened since then"),
            Flag.string("until", (char) 0, "string", "End then"),
            Flag.of(
                "after-index",
                "uint",
                "Show also what happened after this index, for example that of the last event seen"
                    + " ({{.index}})",
                Flag::readUnsigned))
        .examples(
            "skein events",
            "skein events --since 10m --until 0s --filter type=service",
            "skein events --after-index 1042 --format json",
            "skein events --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}'")
        .does(EventsCommand::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    String format = arguments.text("format");
    Template template =
        format == null || format.isEmpty() || format.equals("json")
            ? null
            : Template.parse(Listing.unescape(format), false);
    Query query = Query.of("/events");
    time(context, arguments, "since", query);
    time(context, arguments, "until", query);
    Long afterIndex = arguments.get("after-index", Long.class);
    if (afterIndex != null) {
      query.with("afterIndex", afterIndex);
    }
    query.filters(Filters.of(arguments));
    ZoneId zone = context.zone();
    try (EngineClient client = context.client();
        InputStreamReader reader =
            new InputStreamReader(client.stream(query.toString()).body(), StandardCharsets.UTF_8)) {
      Json.Sequence events = new Json.Sequence(reader);
      for (JsonElement event = events.next(); event != null; event = events.next()) {
        context.out().println(line(event, format, template, zone));
        context.out().flush();
        if (context.out().checkError()) {
          return ExitCode.SUCCESS;
        }
      }
      return ExitCode.SUCCESS;
    } catch (Json.SyntaxException e) {
      throw new UnreachableException("The daemon sent an event that is not JSON.", e);
    }
  }

  /// Adds a time option to a request.
  static void time(CommandContext context, Arguments arguments, String flag, Query query) {
    String text = arguments.text(flag);
    if (text != null && !text.isEmpty()) {
      try {
        query.with(flag, Timestamp.parse(text, context.now(), context.zone()));
      } catch (IllegalArgumentException e) {
        throw new UsageException(
            "invalid argument \"" + text + "\" for \"--" + flag + "\" flag: " + e.getMessage());
      }
    }
  }

  private static String line(
      JsonElement event, @Nullable String format, @Nullable Template template, ZoneId zone) {
    if (template != null) {
      return template.apply(withDockersNames(event));
    }
    return "json".equals(format) ? Json.write(event) : line(event, zone);
  }

  /// In templates Docker's client has names of its own for what is in lower case in the API.
  private static JsonElement withDockersNames(JsonElement event) {
    JsonObject named = event.getAsJsonObject();
    alias(named, "time", "Time");
    alias(named, "timeNano", "TimeNano");
    alias(named, "scope", "Scope");
    return named;
  }

  private static void alias(JsonObject event, String name, String dockersName) {
    JsonElement value = event.get(name);
    if (value != null) {
      event.add(dockersName, value);
    }
  }

  /// An event as Docker prints it: time, type, action, actor and its attributes by their names.
  static String line(JsonElement event, ZoneId zone) {
    long nanos = Json.number(event, "timeNano", Json.number(event, "time", 0) * SECOND_NANOS);
    Instant at =
        Instant.ofEpochSecond(
            Math.floorDiv(nanos, SECOND_NANOS), Math.floorMod(nanos, SECOND_NANOS));
    StringBuilder line = new StringBuilder(160);
    line.append(
        DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSXXX", Locale.ROOT)
            .format(at.atZone(zone)));
    line.append(' ').append(Json.text(event, "Type"));
    line.append(' ').append(Json.text(event, "Action"));
    line.append(' ').append(Json.text(event, "Actor.ID"));
    JsonObject attributes = Json.object(event, "Actor.Attributes");
    if (!attributes.isEmpty()) {
      StringJoiner all = new StringJoiner(", ", " (", ")");
      for (Map.Entry<String, JsonElement> entry : new TreeMap<>(attributes.asMap()).entrySet()) {
        all.add(entry.getKey() + "=" + entry.getValue().getAsString());
      }
      line.append(all);
    }
    return line.toString();
  }
}
