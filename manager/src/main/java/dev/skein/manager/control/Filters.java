package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;

import dev.skein.proto.v1.Filter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;

/// The filters of one list request: the values of a filter are alternatives, different filters must
/// all hold.
final class Filters {
  private static final int VALUES = 1_024;

  private final Map<String, Set<String>> values = new LinkedHashMap<>();

  /// @param known the names that this kind of object has
  /// @throws Rejection for another name
  Filters(List<Filter> filters, Set<String> known) throws Rejection {
    for (var filter : filters) {
      if (!known.contains(filter.getName())) {
        throw invalid(
            "invalid filter '%s': use one of %s",
            filter.getName(), String.join(", ", new TreeSet<>(known)));
      }
      var all = values.computeIfAbsent(filter.getName(), name -> new TreeSet<>());
      all.addAll(filter.getValuesList());
      if (all.size() > VALUES) {
        throw invalid("filter '%s' has more than %d values", filter.getName(), VALUES);
      }
    }
  }

  /// The values of a filter; empty when it was not given.
  Set<String> of(String name) {
    return values.getOrDefault(name, Set.of());
  }

  /// The value of a filter that is yes or no; `otherwise` when it was not given.
  ///
  /// @throws Rejection for any other value
  boolean flag(String name, boolean otherwise) throws Rejection {
    var result = otherwise;
    for (var value : of(name)) {
      result =
          switch (value.toLowerCase(Locale.ROOT)) {
            case "1", "true" -> true;
            case "0", "false" -> false;
            default -> throw invalid("invalid filter '%s=%s': use true or false", name, value);
          };
    }
    return result;
  }

  /// The values of a filter, each one of a fixed set of words.
  ///
  /// @throws Rejection for another word
  <T> List<T> choices(String name, Map<String, T> words) throws Rejection {
    var chosen = new ArrayList<T>();
    for (var value : of(name)) {
      var choice = words.get(value.toLowerCase(Locale.ROOT));
      if (choice == null) {
        throw invalid(
            "invalid filter '%s=%s': use one of %s",
            name, value, String.join(", ", new TreeSet<>(words.keySet())));
      }
      chosen.add(choice);
    }
    return chosen;
  }

  /// Whether the filter was not given, or one of its values matches.
  boolean any(String name, String actual, BiPredicate<String, String> matches) {
    var wanted = of(name);
    return wanted.isEmpty() || wanted.stream().anyMatch(value -> matches.test(actual, value));
  }

  /// Whether the filter was not given, or `actual` begins with one of its values.
  boolean prefix(String name, String actual) {
    return any(name, actual, String::startsWith);
  }

  /// As [#prefix], in any case.
  boolean prefixIgnoringCase(String name, String actual) {
    return any(
        name, actual, (text, value) -> text.regionMatches(true, 0, value, 0, value.length()));
  }

  /// Whether every value, `key` or `key=value`, is satisfied: labels add up, as in Docker.
  boolean labels(String name, Map<String, String> labels) {
    for (var value : of(name)) {
      var equals = value.indexOf('=');
      var actual = labels.get(equals < 0 ? value : value.substring(0, equals));
      if (actual == null || (equals >= 0 && !actual.equals(value.substring(equals + 1)))) {
        return false;
      }
    }
    return true;
  }
}
