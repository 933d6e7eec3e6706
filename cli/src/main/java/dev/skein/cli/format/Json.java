package dev.skein.cli.format;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads, writes and walks JSON trees.
///
/// Reading and writing go round Gson's type adapters: these cost more to load than a command takes.
public final class Json {
  /// The deepest nesting that is read.
  public static final int DEPTH_MAX = 200;

  /// What Docker's `inspect` indents by.
  public static final String INDENT = "    ";

  private Json() {}

  /// The text is not JSON.
  public static final class SyntaxException extends Exception {
    private static final long serialVersionUID = 1L;

    SyntaxException(@Nullable String message) {
      super(message);
    }
  }

  /// Reads one value that is the whole text.
  public static JsonElement parse(String text) throws SyntaxException {
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      JsonElement value = read(reader, 0);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new SyntaxException("there is more after the end of the value");
      }
      return value;
    } catch (IOException | IllegalStateException e) {
      throw new SyntaxException(e.getMessage());
    }
  }

  /// Reads objects that follow one another, as `/events` sends them.
  public static final class Sequence {
    private final JsonReader reader;

    /// @param source read as far as the parser's buffer needs
    public Sequence(Reader source) {
      reader = new JsonReader(source);
      // Several top-level values are allowed only so.
      reader.setStrictness(com.google.gson.Strictness.LENIENT);
    }

    /// The next value, or null when the source has ended between two.
    public @Nullable JsonElement next() throws IOException, SyntaxException {
      try {
        if (reader.peek() == JsonToken.END_DOCUMENT) {
          return null;
        }
        return read(reader, 0);
      } catch (EOFException e) {
        return null;
      } catch (MalformedJsonException | IllegalStateException e) {
        throw new SyntaxException(e.getMessage());
      }
    }
  }

  private static JsonElement read(JsonReader reader, int depth)
      throws IOException, SyntaxException {
    if (depth > DEPTH_MAX) {
      throw new SyntaxException("nested deeper than " + DEPTH_MAX);
    }
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> {
        JsonObject object = new JsonObject();
        reader.beginObject();
        while (reader.hasNext()) {
          object.add(reader.nextName(), read(reader, depth + 1));
        }
        reader.endObject();
        yield object;
      }
      case BEGIN_ARRAY -> {
        JsonArray array = new JsonArray();
        reader.beginArray();
        while (reader.hasNext()) {
          array.add(read(reader, depth + 1));
        }
        reader.endArray();
        yield array;
      }
      case STRING -> new JsonPrimitive(reader.nextString());
      case BOOLEAN -> new JsonPrimitive(reader.nextBoolean());
      case NUMBER -> new JsonPrimitive(number(reader.nextString()));
      case NULL -> {
        reader.nextNull();
        yield JsonNull.INSTANCE;
      }
      case END_ARRAY, END_OBJECT, NAME, END_DOCUMENT ->
          throw new SyntaxException("a value is missing");
    };
  }

  private static Number number(String text) throws SyntaxException {
    try {
      return Long.valueOf(text);
    } catch (NumberFormatException notLong) {
      try {
        return new BigDecimal(text);
      } catch (NumberFormatException e) {
        throw new SyntaxException("bad number " + text);
      }
    }
  }

  /// The value on one line.
  public static String write(JsonElement value) {
    StringBuilder out = new StringBuilder(256);
    write(value, out, null, 0);
    return out.toString();
  }

  /// The value over several lines, four spaces to a level.
  public static String writeIndented(JsonElement value) {
    StringBuilder out = new StringBuilder(1024);
    write(value, out, INDENT, 0);
    return out.toString();
  }

  private static void write(
      JsonElement value, StringBuilder out, @Nullable String indent, int depth) {
    if (value.isJsonObject()) {
      char separator = '{';
      for (Map.Entry<String, JsonElement> entry : value.getAsJsonObject().entrySet()) {
        out.append(separator);
        separator = ',';
        newLine(out, indent, depth + 1);
        quote(entry.getKey(), out);
        out.append(indent == null ? ":" : ": ");
        write(entry.getValue(), out, indent, depth + 1);
      }
      if (separator == '{') {
        out.append('{');
      } else {
        newLine(out, indent, depth);
      }
      out.append('}');
    } else if (value.isJsonArray()) {
      char separator = '[';
      for (JsonElement element : value.getAsJsonArray()) {
        out.append(separator);
        separator = ',';
        newLine(out, indent, depth + 1);
        write(element, out, indent, depth + 1);
      }
      if (separator == '[') {
        out.append('[');
      } else {
        newLine(out, indent, depth);
      }
      out.append(']');
    } else if (value.isJsonNull()) {
      out.append("null");
    } else if (value.getAsJsonPrimitive().isString()) {
      quote(value.getAsString(), out);
    } else {
      out.append(value.getAsString());
    }
  }

  private static void newLine(StringBuilder out, @Nullable String indent, int depth) {
    if (indent != null) {
      out.append('\n');
      out.repeat(indent, depth);
    }
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || c == 0x7f || c == 0x2028 || c == 0x2029) {
            out.append("\\u00");
            if (c > 0xff) {
              out.setLength(out.length() - 2);
              out.append(Integer.toHexString(c));
            } else {
              out.append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
            }
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /// What stands at a path of member names (`Spec.Mode.Global`), or null if any of them is absent
  /// or
  /// null.
  public static @Nullable JsonElement at(@Nullable JsonElement root, String path) {
    JsonElement current = root;
    int from = 0;
    while (current != null && from <= path.length()) {
      int dot = path.indexOf('.', from);
      int to = dot < 0 ? path.length() : dot;
      if (!current.isJsonObject()) {
        return null;
      }
      current = current.getAsJsonObject().get(path.substring(from, to));
      if (current == null || current.isJsonNull()) {
        return null;
      }
      from = to + 1;
    }
    return current;
  }

  /// Text or number at a path as text; empty when there is none.
  public static String text(@Nullable JsonElement root, String path) {
    JsonElement found = at(root, path);
    return found != null && found.isJsonPrimitive() ? found.getAsString() : "";
  }

  /// A number at a path, or the fallback when there is none.
  public static long number(@Nullable JsonElement root, String path, long fallback) {
    JsonElement found = at(root, path);
    if (found == null || !found.isJsonPrimitive() || !found.getAsJsonPrimitive().isNumber()) {
      return fallback;
    }
    return found.getAsLong();
  }

  /// Whether true stands at a path.
  public static boolean flag(@Nullable JsonElement root, String path) {
    JsonElement found = at(root, path);
    return found != null
        && found.isJsonPrimitive()
        && found.getAsJsonPrimitive().isBoolean()
        && found.getAsBoolean();
  }

  /// The array at a path; an empty one, not part of the tree, when there is none.
  public static JsonArray array(@Nullable JsonElement root, String path) {
    JsonElement found = at(root, path);
    return found != null && found.isJsonArray() ? found.getAsJsonArray() : new JsonArray();
  }

  /// The object at a path; an empty one, not part of the tree, when there is none.
  public static JsonObject object(@Nullable JsonElement root, String path) {
    JsonElement found = at(root, path);
    return found != null && found.isJsonObject() ? found.getAsJsonObject() : new JsonObject();
  }

  /// The object at a path of the tree, made with all that leads to it where it is absent.
  public static JsonObject make(JsonObject root, String path) {
    JsonObject current = root;
    for (String name : path.split("\\.", -1)) {
      JsonElement next = current.get(name);
      if (next == null || !next.isJsonObject()) {
        next = new JsonObject();
        current.add(name, next);
      }
      current = next.getAsJsonObject();
    }
    return current;
  }
}
