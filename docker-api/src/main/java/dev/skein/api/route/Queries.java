package dev.skein.api.route;

import static dev.skein.api.ApiException.badRequest;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.Timestamp;
import dev.skein.api.http.Request;
import dev.skein.proto.v1.Filter;
import dev.skein.proto.v1.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The query parameters that several routes have.
final class Queries {
  private static final int MAX_FILTERS_CHARS = 8 << 10;
  private static final Pattern VERSION = Pattern.compile("[0-9]{1,18}");
  private static final Pattern UNIX_TIME = Pattern.compile("([0-9]{1,12})(?:\\.([0-9]{1,9}))?");
  private static final int NANO_DIGITS = 9;

  private Queries() {}

  /// `filters`, in either of the forms that Docker's clients send: `{"name":{"a":true}}` and
  /// `{"name":["a"]}`.
  static List<Filter> filters(Request request) {
    var text = request.query("filters");
    if (text == null) {
      return List.of();
    }
    if (text.length() > MAX_FILTERS_CHARS) {
      throw badRequest("invalid filters: longer than " + MAX_FILTERS_CHARS + " characters");
    }
    var filters = new ArrayList<Filter>();
    for (var entry : filterObject(text).entrySet()) {
      var values = filterValues(entry.getKey(), entry.getValue());
      if (!values.isEmpty()) {
        filters.add(Filter.newBuilder().setName(entry.getKey()).addAllValues(values).build());
      }
    }
    return filters;
  }

  private static JsonObject filterObject(String text) {
    try {
      if (JsonParser.parseString(text) instanceof JsonObject object) {
        return object;
      }
    } catch (JsonParseException e) {
      // Said below.
    }
    throw badRequest("invalid filters, expected JSON as {\"name\":[\"value\"]}: " + text);
  }

  private static List<String> filterValues(String name, JsonElement json) {
    var values = new ArrayList<String>();
    switch (json) {
      case JsonObject object -> {
        for (var value : object.entrySet()) {
          if (value.getValue() instanceof JsonPrimitive chosen && chosen.getAsBoolean()) {
            values.add(value.getKey());
          }
        }
      }
      case JsonArray array -> {
        for (var value : array) {
          if (!(value instanceof JsonPrimitive text)) {
            throw badRequest("invalid filter '" + name + "=" + value + "'");
          }
          values.add(text.getAsString());
        }
      }
      default -> throw badRequest("invalid filter '" + name + "=" + json + "'");
    }
    return values;
  }

  /// `version`: what the client saw of the object that it changes.
  static Version version(Request request, String kind) {
    var text = request.query("version");
    if (text == null || !VERSION.matcher(text).matches()) {
      throw badRequest(
          "invalid "
              + kind
              + " version '"
              + (text == null ? "" : text)
              + "': give the Version.Index that inspecting it shows");
    }
    return Version.newBuilder().setIndex(Long.parseLong(text)).build();
  }

  /// Unix seconds with an optional fraction; null when absent.
  static @Nullable Timestamp time(Request request, String name) {
    var text = request.query(name);
    if (text == null) {
      return null;
    }
    var time = UNIX_TIME.matcher(text);
    if (!time.matches()) {
      throw badRequest("invalid '" + name + "' time '" + text + "', expected seconds since 1970");
    }
    var fraction = time.group(2) == null ? "0" : time.group(2);
    return Timestamp.newBuilder()
        .setSeconds(Long.parseLong(time.group(1)))
        .setNanos(Integer.parseInt(fraction + "0".repeat(NANO_DIGITS - fraction.length())))
        .build();
  }
}
