package dev.skein.cli.format;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The functions that templates may call. A wrong argument is an [IllegalArgumentException], which
/// the caller reports with the place of the call.
final class TemplateFunctions {
  /// The longest string that padding may make.
  private static final int PAD_MAX = 1000;

  static final Set<String> NAMES =
      Set.of(
          "json",
          "len",
          "index",
          "upper",
          "lower",
          "title",
          "join",
          "split",
          "pad",
          "truncate",
          "print",
          "println",
          "printf",
          "eq",
          "ne",
          "lt",
          "le",
          "gt",
          "ge",
          "and",
          "or",
          "not",
          "slice",
          "contains",
          "replace");

  private TemplateFunctions() {}

  static JsonElement call(String name, List<JsonElement> args) {
    return switch (name) {
      case "json" -> text(Json.write(one(args)));
      case "len" -> number(length(one(args)));
      case "index" -> index(args);
      case "slice" -> slice(args);
      case "upper" -> text(print(one(args)).toUpperCase(Locale.ROOT));
      case "lower" -> text(print(one(args)).toLowerCase(Locale.ROOT));
      case "title" -> text(Human.capital(print(one(args))));
      case "join" -> join(args);
      case "split" -> split(args);
      case "contains" -> bool(string(args, 0).contains(string(args, 1)));
      case "replace" -> text(string(args, 0).replace(string(args, 1), string(args, 2)));
      case "pad" -> pad(args);
      case "truncate" -> truncate(args);
      case "print" -> text(concatenate(args, ""));
      case "println" -> text(concatenate(args, " ") + "\n");
      case "printf" -> printf(args);
      case "eq" -> bool(args.stream().skip(1).anyMatch(other -> compare(args.get(0), other) == 0));
      case "ne" -> bool(compare(args, 0) != 0);
      case "lt" -> bool(compare(args, 0) < 0);
      case "le" -> bool(compare(args, 0) <= 0);
      case "gt" -> bool(compare(args, 0) > 0);
      case "ge" -> bool(compare(args, 0) >= 0);
      case "not" -> bool(!truth(one(args)));
      case "and" -> {
        for (JsonElement arg : args) {
          if (!truth(arg)) {
            yield arg;
          }
        }
        yield args.getLast();
      }
      case "or" -> {
        for (JsonElement arg : args) {
          if (truth(arg)) {
            yield arg;
          }
        }
        yield args.getLast();
      }
      default -> throw new IllegalArgumentException("unknown function");
    };
  }

  /// Whether a value counts as true: not false, zero, empty or absent.
  static boolean truth(JsonElement value) {
    if (value.isJsonNull()) {
      return false;
    }
    if (value.isJsonArray()) {
      return !value.getAsJsonArray().isEmpty();
    }
    if (value.isJsonObject()) {
      return !value.getAsJsonObject().isEmpty();
    }
    JsonPrimitive primitive = value.getAsJsonPrimitive();
    if (primitive.isBoolean()) {
      return primitive.getAsBoolean();
    }
    return primitive.isNumber()
        ? primitive.getAsBigDecimal().signum() != 0
        : !primitive.getAsString().isEmpty();
  }

  /// A value as Go prints it: `[a b]`, `map[k:v]`, `<no value>`.
  static String print(JsonElement value) {
    if (value.isJsonNull()) {
      return "<no value>";
    }
    if (value.isJsonPrimitive()) {
      return value.getAsString();
    }
    StringBuilder out = new StringBuilder();
    if (value.isJsonArray()) {
      String separator = "[";
      for (JsonElement element : value.getAsJsonArray()) {
        out.append(separator).append(print(element));
        separator = " ";
      }
      return out.isEmpty() ? "[]" : out.append(']').toString();
    }
    String separator = "map[";
    for (Map.Entry<String, JsonElement> entry : value.getAsJsonObject().entrySet()) {
      out.append(separator).append(entry.getKey()).append(':').append(print(entry.getValue()));
      separator = " ";
    }
    return out.isEmpty() ? "map[]" : out.append(']').toString();
  }

  private static JsonElement one(List<JsonElement> args) {
    if (args.size() != 1) {
      throw new IllegalArgumentException("wants one argument, has " + args.size());
    }
    return args.getFirst();
  }

  private static JsonElement argument(List<JsonElement> args, int index) {
    if (index >= args.size()) {
      throw new IllegalArgumentException("wants more than " + args.size() + " arguments");
    }
    return args.get(index);
  }

  private static String string(List<JsonElement> args, int index) {
    return print(argument(args, index));
  }

  private static int integer(List<JsonElement> args, int index) {
    JsonElement value = argument(args, index);
    if (value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber()) {
      return value.getAsInt();
    }
    throw new IllegalArgumentException("wants a number, not " + print(value));
  }

  private static int length(JsonElement value) {
    if (value.isJsonArray()) {
      return value.getAsJsonArray().size();
    }
    if (value.isJsonObject()) {
      return value.getAsJsonObject().size();
    }
    if (value.isJsonNull()) {
      return 0;
    }
    return value.getAsString().length();
  }

  private static JsonElement index(List<JsonElement> args) {
    JsonElement value = argument(args, 0);
    for (int i = 1; i < args.size(); i++) {
      if (value.isJsonArray()) {
        JsonArray array = value.getAsJsonArray();
        int at = integer(args, i);
        if (at < 0 || at >= array.size()) {
          throw new IllegalArgumentException(
              "index " + at + " is out of range: there are " + array.size());
        }
        value = array.get(at);
      } else if (value.isJsonObject()) {
        JsonElement member = value.getAsJsonObject().get(string(args, i));
        value = member == null ? JsonNull.INSTANCE : member;
      } else {
        throw new IllegalArgumentException("can't index " + print(value));
      }
    }
    return value;
  }

  private static JsonElement slice(List<JsonElement> args) {
    String value = string(args, 0);
    int from = args.size() > 1 ? integer(args, 1) : 0;
    int to = args.size() > 2 ? integer(args, 2) : value.length();
    if (from < 0 || to > value.length() || from > to) {
      throw new IllegalArgumentException("slice out of range: the length is " + value.length());
    }
    return text(value.substring(from, to));
  }

  private static JsonElement join(List<JsonElement> args) {
    JsonElement list = argument(args, 0);
    if (!list.isJsonArray()) {
      throw new IllegalArgumentException("can't join " + print(list) + ": it is no list");
    }
    String separator = string(args, 1);
    StringBuilder out = new StringBuilder();
    for (JsonElement element : list.getAsJsonArray()) {
      out.append(out.isEmpty() ? "" : separator).append(print(element));
    }
    return text(out.toString());
  }

  private static JsonElement split(List<JsonElement> args) {
    JsonArray parts = new JsonArray();
    String rest = string(args, 0);
    String separator = string(args, 1);
    if (separator.isEmpty()) {
      throw new IllegalArgumentException("can't split at an empty text");
    }
    int from = 0;
    for (int at = rest.indexOf(separator); at >= 0; at = rest.indexOf(separator, from)) {
      parts.add(rest.substring(from, at));
      from = at + separator.length();
    }
    parts.add(rest.substring(from));
    return parts;
  }

  private static JsonElement pad(List<JsonElement> args) {
    String value = string(args, 0);
    int before = integer(args, 1);
    int after = integer(args, 2);
    if (value.isEmpty()) {
      return text(value);
    }
    if (before < 0 || after < 0 || before > PAD_MAX || after > PAD_MAX) {
      throw new IllegalArgumentException("wants numbers from 0 to " + PAD_MAX);
    }
    return text(" ".repeat(before) + value + " ".repeat(after));
  }

  private static JsonElement truncate(List<JsonElement> args) {
    String value = string(args, 0);
    int length = integer(args, 1);
    return text(value.length() > length && length >= 0 ? value.substring(0, length) : value);
  }

  private static JsonElement printf(List<JsonElement> args) {
    String format = string(args, 0).replace("%v", "%s");
    Object[] values =
        args.stream()
            .skip(1)
            .map(
                value ->
                    value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber()
                        ? goNumber(value.getAsJsonPrimitive())
                        : print(value))
            .toArray();
    try {
      return text(String.format(Locale.ROOT, format, values));
    } catch (java.util.IllegalFormatException e) {
      throw new IllegalArgumentException("bad format: " + e.getMessage(), e);
    }
  }

  private static Object goNumber(JsonPrimitive number) {
    BigDecimal value = number.getAsBigDecimal();
    return value.stripTrailingZeros().scale() <= 0 ? value.toBigInteger() : value;
  }

  private static String concatenate(List<JsonElement> args, String separator) {
    StringBuilder out = new StringBuilder();
    for (JsonElement arg : args) {
      out.append(out.isEmpty() ? "" : separator).append(print(arg));
    }
    return out.toString();
  }

  private static int compare(List<JsonElement> args, int first) {
    return compare(argument(args, first), argument(args, first + 1));
  }

  private static int compare(JsonElement a, JsonElement b) {
    if (a.isJsonPrimitive()
        && b.isJsonPrimitive()
        && a.getAsJsonPrimitive().isNumber()
        && b.getAsJsonPrimitive().isNumber()) {
      return a.getAsBigDecimal().compareTo(b.getAsBigDecimal());
    }
    return print(a).compareTo(print(b));
  }

  private static JsonElement text(String value) {
    return new JsonPrimitive(value);
  }

  private static JsonElement number(long value) {
    return new JsonPrimitive(value);
  }

  private static JsonElement bool(boolean value) {
    return new JsonPrimitive(value);
  }
}
