package dev.skein.cli.command;

import dev.skein.cli.value.KeyValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The options that all listings share, and what they give.
final class Filters {
  static final Flag FILTER =
      Flag.list("filter", 'f', "filter", "Show only what matches KEY=VALUE; can be repeated")
          .reading(KeyValue::filter);
  static final Flag FORMAT =
      Flag.string(
          "format",
          (char) 0,
          "string",
          "Print with a template: 'table', 'table TEMPLATE', 'json' or 'TEMPLATE',"
              + " for example '{{.ID}}\\t{{.Name}}'");
  static final Flag QUIET = Flag.bool("quiet", 'q', "Print only ids");
  static final Flag NO_TRUNC = Flag.bool("no-trunc", (char) 0, "Do not shorten what is printed");

  private Filters() {}

  /// The filters that were given: the values of each key, in their order.
  static Map<String, List<String>> of(Arguments arguments) {
    Map<String, List<String>> filters = new LinkedHashMap<>();
    for (KeyValue pair : arguments.all("filter", KeyValue.class)) {
      filters.computeIfAbsent(pair.key(), key -> new ArrayList<>()).add(pair.value());
    }
    return filters;
  }
}
