package dev.skein.cli.format;

import com.google.gson.JsonElement;
import java.util.Map;

/// One application of a [Template].
///
/// @param source the template's text, for messages
/// @param strict whether an unknown field is an error
/// @param variables values by their names; the empty name is the value that the template is applied
///     to
/// @param out collects the result
record TemplateRun(
    String source, boolean strict, Map<String, JsonElement> variables, StringBuilder out) {
  TemplateException error(String problem, int position) {
    return new TemplateException(problem, source, position);
  }
}
