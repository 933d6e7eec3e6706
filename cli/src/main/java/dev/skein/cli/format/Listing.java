package dev.skein.cli.format;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a listing command prints: rows of named fields, as a table, as JSON lines, or through the
/// user's template.
public final class Listing {
  private final Map<String, String> headers = new LinkedHashMap<>();
  private final List<JsonObject> rows = new ArrayList<>();
  private final String tableTemplate;
  private final String idField;

  /// @param tableTemplate the template of the usual table's lines, without the word `table`
  /// @param idField the field that `--quiet` prints
  public Listing(String tableTemplate, String idField) {
    this.tableTemplate = tableTemplate;
    this.idField = idField;
  }

  /// Declares a field that rows have, and the header of its column.
  public Listing field(String name, String header) {
    headers.put(name, header);
    return this;
  }

  /// Appends a row.
  public void add(JsonObject row) {
    rows.add(row);
  }

  /// The text to print.
  ///
  /// @param format value of `--format`, or null
  /// @param quiet whether only ids are wanted
  /// @throws TemplateException if the format is wrong
  public String render(@Nullable String format, boolean quiet) {
    if (format == null || format.isEmpty() || format.equals("table")) {
      return quiet ? lines("{{." + idField + "}}") : table(tableTemplate);
    }
    if (format.equals("raw")) {
      StringBuilder raw = new StringBuilder();
      headers.forEach(
          (name, header) -> raw.append(name).append(": {{.").append(name).append("}}\n"));
      return lines(raw.toString());
    }
    if (format.equals("json")) {
      StringBuilder out = new StringBuilder();
      for (JsonObject row : rows) {
        JsonObject sorted = new JsonObject();
        new TreeMap<>(row.asMap()).forEach(sorted::add);
        out.append(Json.write(sorted)).append('\n');
      }
      return out.toString();
    }
    String template = unescape(format);
    return template.startsWith("table ")
        ? table(template.substring("table ".length()).strip())
        : lines(template);
  }

  private String lines(String source) {
    Template template = Template.parse(source, true);
    StringBuilder out = new StringBuilder();
    for (JsonObject row : rows) {
      out.append(template.apply(row)).append('\n');
    }
    return out.toString();
  }

  private String table(String source) {
    Template template = Template.parse(source, true);
    JsonObject header = new JsonObject();
    headers.forEach((name, text) -> header.add(name, new JsonPrimitive(text)));
    List<String> lines = new ArrayList<>(rows.size() + 1);
    lines.add(template.apply(header));
    for (JsonObject row : rows) {
      lines.add(template.apply(row));
    }
    return Table.align(lines);
  }

  /// Replaces the escapes that users write in shells, `\t` and `\n`, by what they mean.
  public static String unescape(String format) {
    return format.replace("\\t", "\t").replace("\\n", "\n");
  }
}
