package dev.skein.chaos.experiment;

import dev.skein.cli.value.GoDuration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/// A value in a YAML document that knows its line, and reads itself as what it should be. What
/// is wrong goes into a list of problems, so that a reader finds all of them at once.
final class YamlField {

  private final String name;
  private final Node node;
  private final List<Problem> problems;

  YamlField(String name, Node node, List<Problem> problems) {
    this.name = name;
    this.node = node;
    this.problems = problems;
  }

  /// Says what is wrong with this value.
  void wrong(String message) {
    problems.add(new Problem(line(), message));
  }

  int line() {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
  }

  /// The fields of a mapping.
  ///
  /// @param known all that it may have
  Map<String, YamlField> fields(String... known) {
    var fields = new LinkedHashMap<String, YamlField>();
    if (!(node instanceof MappingNode mapping)) {
      wrong("%s: must be a mapping of %s".formatted(name, String.join(", ", known)));
      return fields;
    }
    var possible = Set.of(known);
    for (var tuple : mapping.getValue()) {
      var key = new YamlField(name, tuple.getKeyNode(), problems);
      var word = tuple.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
      if (known.length > 0 && !possible.contains(word)) {
        key.wrong(
            "%s: unknown field \"%s\"; possible are %s"
                .formatted(name, word, String.join(", ", known)));
      } else if (fields.containsKey(word)) {
        key.wrong("%s: \"%s\" is there twice".formatted(name, word));
      } else {
        fields.put(word, new YamlField(name + "." + word, tuple.getValueNode(), problems));
      }
    }
    return fields;
  }

  /// The elements of a list.
  ///
  /// @param max how many there may be
  List<YamlField> elements(int max) {
    var elements = new ArrayList<YamlField>();
    if (!(node instanceof SequenceNode sequence)) {
      wrong("%s: must be a list".formatted(name));
      return elements;
    }
    var values = sequence.getValue();
    if (values.size() > max) {
      wrong("%s: %d are too many, %d are possible".formatted(name, values.size(), max));
      return elements;
    }
    for (var i = 0; i < values.size(); i++) {
      elements.add(new YamlField("%s[%d]".formatted(name, i), values.get(i), problems));
    }
    return elements;
  }

  /// A text.
  Optional<String> text(int charsMax) {
    if (!(node instanceof ScalarNode scalar)) {
      wrong("%s: must be a single value".formatted(name));
      return Optional.empty();
    }
    var value = scalar.getValue();
    if (value.isBlank() || value.length() > charsMax) {
      wrong("%s: \"%s\" must have 1 to %d characters".formatted(name, value, charsMax));
      return Optional.empty();
    }
    return Optional.of(value);
  }

  /// A whole number.
  Optional<Long> number(long min, long max) {
    return text(20).flatMap(value -> number(value, min, max));
  }

  private Optional<Long> number(String value, long min, long max) {
    try {
      var number = Long.parseLong(value);
      if (number >= min && number <= max) {
        return Optional.of(number);
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    wrong("%s: \"%s\" must be a whole number from %d to %d".formatted(name, value, min, max));
    return Optional.empty();
  }

  /// A number of events in a second: `60/s`.
  Optional<Long> rate(long max) {
    var given = text(20);
    if (given.isPresent() && !given.get().endsWith("/s")) {
      wrong("%s: \"%s\" must be a rate such as 60/s".formatted(name, given.get()));
      return Optional.empty();
    }
    return given.flatMap(value -> number(value.substring(0, value.length() - 2), 1, max));
  }

  /// A duration as Go writes it.
  Optional<Duration> duration(Duration max) {
    return text(20).flatMap(value -> duration(value, max));
  }

  Optional<Duration> duration(String value, Duration max) {
    try {
      var duration = Duration.ofNanos(GoDuration.parse(value));
      if (duration.compareTo(max) <= 0) {
        return Optional.of(duration);
      }
      wrong("%s: \"%s\" is more than %s".formatted(name, value, Words.of(max)));
    } catch (IllegalArgumentException e) {
      wrong("%s: \"%s\" is no duration such as 500ms, 10s or 1m30s".formatted(name, value));
    }
    return Optional.empty();
  }

  /// One of some words.
  <T> Optional<T> choice(Map<String, T> words) {
    var given = text(60);
    if (given.isPresent() && !words.containsKey(given.get())) {
      wrong(
          "%s: unknown \"%s\"; possible are %s"
              .formatted(name, given.get(), String.join(", ", words.keySet())));
    }
    return given.flatMap(word -> Optional.ofNullable(words.get(word)));
  }

  /// Says that fields are missing.
  void require(Map<String, YamlField> fields, String... names) {
    var missing = new HashSet<>(Arrays.asList(names));
    missing.removeAll(fields.keySet());
    for (var required : names) {
      if (missing.contains(required)) {
        wrong("%s: \"%s\" is missing".formatted(name, required));
      }
    }
  }
}
