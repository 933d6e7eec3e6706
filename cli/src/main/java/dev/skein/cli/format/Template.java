package dev.skein.cli.format;

import com.google.gson.JsonElement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A template in the part of Go's language that `--format` needs: fields, variables, pipelines,
/// `if`/`else if`/`else`, `range`, `with`, comments, `{{-` and `-}}`, and the functions of Docker's
/// templates (`json`, `join`, `upper`, `lower`, `title`, `split`, `pad`, `truncate`, `println`) and
/// the usual ones of Go's (`len`, `index`, `slice`, `printf`, `eq`, `and`, …).
///
/// A parsed template is immutable.
public final class Template {
  private final String source;
  private final List<TemplateNode> nodes;
  private final boolean strict;

  private Template(String source, List<TemplateNode> nodes, boolean strict) {
    this.source = source;
    this.nodes = nodes;
    this.strict = strict;
  }

  /// Parses a template.
  ///
  /// @param strict whether an unknown field is an error (rows of a table, whose fields are known)
  ///     or prints `<no value>` (objects, which leave out what is empty)
  /// @throws TemplateException showing the offending place
  public static Template parse(String source, boolean strict) {
    return new Template(source, new TemplateParser(source).parse(), strict);
  }

  /// The text that the template gives for a value.
  ///
  /// @throws TemplateException if the template does not fit the value
  public String apply(JsonElement value) {
    Map<String, JsonElement> variables = new HashMap<>();
    variables.put("", value);
    TemplateRun run = new TemplateRun(source, strict, variables, new StringBuilder());
    TemplateNode.all(nodes, run, value);
    return run.out().toString();
  }
}
