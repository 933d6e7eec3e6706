package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Map;

/// Collects what `--pretty` prints: names and values, one to a line, some under a heading.
final class Sheet {
  private static final int COLUMN = 24;

  private final StringBuilder out = new StringBuilder();

  void line(String name, String value) {
    out.append(name).append(':');
    out.repeat(' ', Math.max(1, COLUMN - name.length() - 1)).append(value).append('\n');
  }

  void lineIf(String name, String value) {
    if (!value.isEmpty()) {
      line(name, value);
    }
  }

  void heading(String name) {
    out.append(name).append(":\n");
  }

  void inner(String name, String value) {
    line(" " + name, value);
  }

  void innerIf(String name, String value) {
    if (!value.isEmpty()) {
      inner(name, value);
    }
  }

  void item(String text) {
    out.append(" - ").append(text).append('\n');
  }

  void map(String name, JsonObject values) {
    if (values.isEmpty()) {
      return;
    }
    heading(name);
    for (Map.Entry<String, JsonElement> entry : values.entrySet()) {
      item(entry.getKey() + "=" + entry.getValue().getAsString());
    }
  }

  @Override
  public String toString() {
    return out.toString();
  }
}
