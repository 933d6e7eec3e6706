package dev.skein.cli.value;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// `KEY=VALUE` pairs: labels, environment variables, filters.
///
/// @param key never empty
/// @param value may be empty
public record KeyValue(String key, String value) {
  /// The longest environment file that is read, in bytes.
  public static final int ENV_FILE_BYTES_MAX = 1024 * 1024;

  /// Reads `KEY[=VALUE]`; without `=` the value is empty.
  ///
  /// @throws IllegalArgumentException if the key is empty
  public static KeyValue parse(String text) {
    int equals = text.indexOf('=');
    String key = equals < 0 ? text : text.substring(0, equals);
    if (key.isBlank()) {
      throw new IllegalArgumentException("invalid pair \"" + text + "\": want KEY=VALUE");
    }
    return new KeyValue(key, equals < 0 ? "" : text.substring(equals + 1));
  }

  /// Reads a filter, which needs both sides.
  ///
  /// @throws IllegalArgumentException if there is no `=`
  public static KeyValue filter(String text) {
    if (text.indexOf('=') < 0) {
      throw new IllegalArgumentException("invalid filter '" + text + "': want KEY=VALUE");
    }
    KeyValue pair = parse(text);
    return new KeyValue(pair.key.strip().toLowerCase(java.util.Locale.ROOT), pair.value.strip());
  }

  /// An environment variable as the service gets it: `KEY=VALUE` as it is, a bare `KEY` with the
  /// value that it has here, and without one when it has none here.
  public static String environment(String text, Map<String, String> here) {
    if (text.isEmpty() || text.startsWith("=")) {
      throw new IllegalArgumentException("invalid environment variable: \"" + text + "\"");
    }
    String value = here.get(text);
    return text.indexOf('=') >= 0 || value == null ? text : text + "=" + value;
  }

  /// Reads an environment file: one variable to a line, `#` starts a comment line.
  ///
  /// @throws IOException if the file can't be read, is too long or has a bad line; the message
  ///     names the file and the line
  public static List<String> environmentFile(Path file, Map<String, String> here)
      throws IOException {
    if (Files.size(file) > ENV_FILE_BYTES_MAX) {
      throw new IOException(file + " is longer than " + ENV_FILE_BYTES_MAX + " bytes");
    }
    List<String> variables = new ArrayList<>();
    int number = 0;
    for (String raw : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      number++;
      String line = raw.stripLeading();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int equals = line.indexOf('=');
      String key = equals < 0 ? line : line.substring(0, equals);
      if (key.isEmpty() || key.chars().anyMatch(Character::isWhitespace)) {
        throw new IOException(file + ":" + number + ": invalid variable name \"" + key + "\"");
      }
      if (equals >= 0 || here.containsKey(key)) {
        variables.add(environment(line, here));
      }
    }
    return variables;
  }
}
