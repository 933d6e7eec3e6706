package dev.skein.cli.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the user gave a command: its options, already read, and its arguments.
public final class Arguments {
  private final Map<String, List<Object>> options = new LinkedHashMap<>();
  private final List<String> positional = new ArrayList<>();
  private int separator = -1;

  void option(Flag flag, Object value) {
    List<Object> values = options.computeIfAbsent(flag.name(), name -> new ArrayList<>());
    if (!flag.repeatable()) {
      values.clear();
    }
    values.add(value);
  }

  void argument(String value) {
    positional.add(value);
  }

  void separator() {
    separator = positional.size();
  }

  /// Whether the option was given.
  public boolean has(String name) {
    return options.containsKey(name);
  }

  /// Whether the switch was given, and not as `=false`.
  public boolean is(String name) {
    return Boolean.TRUE.equals(get(name, Boolean.class));
  }

  /// The option's text, or null.
  public @Nullable String text(String name) {
    return get(name, String.class);
  }

  /// The option's value, or null.
  public <T> @Nullable T get(String name, Class<T> type) {
    List<Object> values = options.get(name);
    return values == null ? null : type.cast(values.getLast());
  }

  /// All values of a repeatable option, in their order.
  public <T> List<T> all(String name, Class<T> type) {
    return options.getOrDefault(name, List.of()).stream().map(type::cast).toList();
  }

  /// All texts of a repeatable option, in their order.
  public List<String> texts(String name) {
    return all(name, String.class);
  }

  /// The arguments, in their order.
  public List<String> positional() {
    return positional;
  }

  /// The argument at an index.
  public String argument(int index) {
    return positional.get(index);
  }

  /// How many arguments stand before `--`; -1 when there is no `--`.
  public int beforeSeparator() {
    return separator;
  }
}
