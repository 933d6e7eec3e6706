package dev.skein.api.http;

import static dev.skein.api.ApiException.badRequest;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One request, complete with its body. Immutable.
///
/// @param path without the version's prefix
/// @param isDockers whether the path has that prefix: who sends it speaks Docker's API and knows
///     no more than that
/// @param parameters the route's, decoded, by the name that the route gives them
/// @param query by name; the first value of each counts
public record Request(
    String method,
    String path,
    ApiVersion version,
    boolean isDockers,
    Map<String, String> parameters,
    Map<String, List<String>> query,
    ByteString body) {
  private static final int MAX_NESTING = 32;
  private static final Set<String> FALSE_WORDS = Set.of("", "0", "no", "false", "none");

  /// A parameter of the route, which must have it.
  public String parameter(String name) {
    var value = parameters.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the route of " + path + " has no parameter " + name);
    }
    return value;
  }

  /// A query parameter, or null when it is absent or empty.
  public @Nullable String query(String name) {
    var values = query.get(name);
    return values == null || values.isEmpty() || values.getFirst().isEmpty()
        ? null
        : values.getFirst();
  }

  /// Whether a query parameter is true, as Docker reads it: anything but absent, empty, `0`, `no`,
  /// `false`, `none`.
  public boolean flag(String name) {
    var value = query(name);
    return value != null && !FALSE_WORDS.contains(value.strip().toLowerCase(Locale.ROOT));
  }

  /// The body as one JSON object; an empty body is an empty object.
  ///
  /// @throws dev.skein.api.ApiException 400 when it is something else
  public JsonObject json() {
    if (body.isEmpty()) {
      return new JsonObject();
    }
    try (var reader = new JsonReader(new StringReader(text()))) {
      reader.setStrictness(Strictness.STRICT);
      reader.setNestingLimit(MAX_NESTING);
      JsonElement json = JsonParser.parseReader(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw badRequest("invalid JSON: something follows the object at " + reader.getPath());
      }
      if (json instanceof JsonObject object) {
        return object;
      }
      throw badRequest("invalid JSON: expected an object");
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw badRequest("invalid JSON: " + firstLine(e));
    }
  }

  private String text() {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(body.asReadOnlyByteBuffer()).toString();
    } catch (CharacterCodingException e) {
      throw badRequest("invalid JSON: the body is not UTF-8");
    }
  }

  private static String firstLine(Exception e) {
    // The parser's causes hold its links to a troubleshooting guide on further lines.
    var message = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
    return message == null ? "malformed" : message.lines().findFirst().orElse("malformed");
  }
}
