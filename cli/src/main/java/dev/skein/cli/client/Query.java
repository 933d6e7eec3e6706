package dev.skein.cli.client;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.cli.format.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// Builds a request target: path segments and query parameters, percent-encoded.
public final class Query {
  private static final String UNRESERVED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

  private final StringBuilder target;
  private boolean any;

  private Query(String path) {
    target = new StringBuilder(path);
  }

  /// Starts with a path that needs no encoding.
  public static Query of(String path) {
    return new Query(path);
  }

  /// Starts with `prefix/NAME`, the name encoded.
  public static Query of(String prefix, String name) {
    return new Query(prefix + "/" + encode(name));
  }

  /// Appends to the path.
  public Query path(String more) {
    target.append(more);
    return this;
  }

  /// Appends a parameter.
  public Query with(String name, String value) {
    target.append(any ? '&' : '?').append(name).append('=').append(encode(value));
    any = true;
    return this;
  }

  /// Appends a parameter with a number.
  public Query with(String name, long value) {
    return with(name, Long.toString(value));
  }

  /// Appends `filters`, unless there are none.
  public Query filters(Map<String, List<String>> filters) {
    if (filters.isEmpty()) {
      return this;
    }
    JsonObject all = new JsonObject();
    filters.forEach(
        (key, values) -> {
          JsonArray list = new JsonArray();
          values.forEach(list::add);
          all.add(key, list);
        });
    return with("filters", Json.write(all));
  }

  /// Percent-encodes everything but the unreserved characters.
  static String encode(String text) {
    StringBuilder encoded = new StringBuilder(text.length() + 16);
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b > 0 && UNRESERVED.indexOf(b) >= 0) {
        encoded.append((char) b);
      } else {
        encoded.append('%');
        encoded.append(Character.toUpperCase(Character.forDigit(b >> 4 & 15, 16)));
        encoded.append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
      }
    }
    return encoded.toString();
  }

  /// The whole target.
  @Override
  public String toString() {
    return target.toString();
  }
}
