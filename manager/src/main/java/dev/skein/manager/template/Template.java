package dev.skein.manager.template;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A text with placeholders between `{{` and `}}`: a field such as `.Service.Name`, a label
/// (`.Service.Labels.tier`, or `index .Service.Labels "com.example.tier"`), or a text in quotes,
/// for writing braces themselves (`{{"{{"}}`). It is the part of Go's templates that such texts
/// use.
public final class Template {
  private static final String OPEN = "{{";
  private static final String CLOSE = "}}";
  private static final String LABELS = ".Service.Labels.";
  private static final Pattern INDEX =
      Pattern.compile("index\\s+\\.Service\\.Labels\\s+\"([^\"]+)\"");
  private static final Pattern QUOTED = Pattern.compile("\"([^\"]*)\"|`([^`]*)`");

  private final List<Part> parts;

  private Template(List<Part> parts) {
    this.parts = List.copyOf(parts);
  }

  /// What a template is made of.
  sealed interface Part {
    record Text(String text) implements Part {}

    record OfField(Field field) implements Part {}

    record OfLabel(String key) implements Part {}
  }

  /// A field that a template may name.
  public enum Field {
    SERVICE_ID(".Service.ID"),
    SERVICE_NAME(".Service.Name"),
    NODE_ID(".Node.ID"),
    NODE_HOSTNAME(".Node.Hostname"),
    NODE_OS(".Node.Platform.OS"),
    NODE_ARCHITECTURE(".Node.Platform.Architecture"),
    TASK_ID(".Task.ID"),
    TASK_NAME(".Task.Name"),
    TASK_SLOT(".Task.Slot");

    private final String path;

    Field(String path) {
      this.path = path;
    }
  }

  /// Whether the text has anything to expand; most have not.
  public static boolean isTemplate(String text) {
    return text.contains(OPEN);
  }

  /// Reads a text.
  ///
  /// @throws TemplateException pointing at the first placeholder that is wrong
  public static Template parse(String text) throws TemplateException {
    var parts = new ArrayList<Part>();
    var at = 0;
    while (true) {
      var open = text.indexOf(OPEN, at);
      if (open < 0) {
        parts.add(new Part.Text(text.substring(at)));
        return new Template(parts);
      }
      parts.add(new Part.Text(text.substring(at, open)));
      var begin = open + OPEN.length();
      var close = end(text, begin);
      if (close < 0) {
        throw new TemplateException("'{{' is not closed by '}}'", open + 1);
      }
      var inner = text.substring(begin, close);
      var blanks = inner.length() - inner.stripLeading().length();
      parts.add(part(inner.strip(), begin + blanks + 1));
      at = close + CLOSE.length();
    }
  }

  /// Where a placeholder is closed; braces in quotes do not close it.
  private static int end(String text, int from) {
    char quote = 0;
    for (var i = from; i < text.length(); i++) {
      var c = text.charAt(i);
      if (quote != 0) {
        quote = c == quote ? 0 : quote;
      } else if (c == '"' || c == '`') {
        quote = c;
      } else if (text.startsWith(CLOSE, i)) {
        return i;
      }
    }
    return -1;
  }

  private static Part part(String inner, int column) throws TemplateException {
    var quoted = QUOTED.matcher(inner);
    if (quoted.matches()) {
      return new Part.Text(quoted.group(1) == null ? quoted.group(2) : quoted.group(1));
    }
    var index = INDEX.matcher(inner);
    if (index.matches()) {
      return new Part.OfLabel(index.group(1));
    }
    if (inner.startsWith(LABELS) && inner.length() > LABELS.length() && isOneWord(inner)) {
      return new Part.OfLabel(inner.substring(LABELS.length()));
    }
    for (var field : Field.values()) {
      if (field.path.equals(inner)) {
        return new Part.OfField(field);
      }
    }
    throw new TemplateException(
        "unknown placeholder '%s': use %s".formatted(inner, known()), column);
  }

  private static boolean isOneWord(String text) {
    return text.chars().noneMatch(c -> Character.isWhitespace(c) || c == '|' || c == '(');
  }

  private static String known() {
    return Stream.concat(
            Stream.of(Field.values()).map(field -> field.path), Stream.of(LABELS + "NAME"))
        .collect(Collectors.joining(", "));
  }

  /// The text with each placeholder's value in its place.
  public String expand(Function<Field, String> fields, Function<String, String> labels) {
    var text = new StringBuilder();
    for (var part : parts) {
      text.append(
          switch (part) {
            case Part.Text(var literal) -> literal;
            case Part.OfField(var field) -> fields.apply(field);
            case Part.OfLabel(var key) -> labels.apply(key);
          });
    }
    return text.toString();
  }
}
