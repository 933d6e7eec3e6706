package dev.skein.cli.format;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.skein.cli.format.TemplateNode.Expression;
import java.util.ArrayList;
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
    StringBuilder out = new StringBuilder();
    Map<String, JsonElement> variables = new HashMap<>();
    variables.put("", value);
    run(nodes, value, variables, out);
    return out.toString();
  }

  private void run(
      List<TemplateNode> list,
      JsonElement dot,
      Map<String, JsonElement> variables,
      StringBuilder out) {
    for (TemplateNode node : list) {
      switch (node) {
        case TemplateNode.Text(String text) -> out.append(text);
        case TemplateNode.Output(Expression value) ->
            out.append(TemplateFunctions.print(evaluate(value, dot, variables)));
        case TemplateNode.Assign(String variable, Expression value) ->
            variables.put(variable, evaluate(value, dot, variables));
        case TemplateNode.If(
                Expression condition,
                List<TemplateNode> then,
                List<TemplateNode> otherwise) ->
            run(
                TemplateFunctions.truth(evaluate(condition, dot, variables)) ? then : otherwise,
                dot,
                variables,
                out);
        case TemplateNode.With with -> {
          JsonElement value = evaluate(with.value(), dot, variables);
          if (with.variable() != null) {
            variables.put(with.variable(), value);
          }
          if (TemplateFunctions.truth(value)) {
            run(with.body(), value, variables, out);
          } else {
            run(with.otherwise(), dot, variables, out);
          }
        }
        case TemplateNode.Range range -> range(range, dot, variables, out);
      }
    }
  }

  private void range(
      TemplateNode.Range range,
      JsonElement dot,
      Map<String, JsonElement> variables,
      StringBuilder out) {
    JsonElement value = evaluate(range.value(), dot, variables);
    if (!TemplateFunctions.truth(value)) {
      run(range.otherwise(), dot, variables, out);
      return;
    }
    if (value.isJsonArray()) {
      int index = 0;
      for (JsonElement element : value.getAsJsonArray()) {
        turn(range, new JsonPrimitive(index++), element, variables, out);
      }
    } else if (value.isJsonObject()) {
      value.getAsJsonObject().entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(
              entry ->
                  turn(
                      range, new JsonPrimitive(entry.getKey()), entry.getValue(), variables, out));
    } else {
      throw error("can't range over " + TemplateFunctions.print(value), range.position());
    }
  }

  private void turn(
      TemplateNode.Range range,
      JsonElement key,
      JsonElement element,
      Map<String, JsonElement> variables,
      StringBuilder out) {
    if (range.key() != null) {
      variables.put(range.key(), key);
    }
    if (range.element() != null) {
      variables.put(range.element(), element);
    }
    run(range.body(), element, variables, out);
  }

  private JsonElement evaluate(
      Expression expression, JsonElement dot, Map<String, JsonElement> variables) {
    return switch (expression) {
      case Expression.Literal(JsonElement value) -> value;
      case Expression.Dot() -> dot;
      case Expression.Variable(String name, int position) -> {
        JsonElement value = variables.get(name);
        if (value == null) {
          throw error("undefined variable \"$" + name + "\"", position);
        }
        yield value;
      }
      case Expression.Field field -> field(field, evaluate(field.base(), dot, variables));
      case Expression.Call(String function, List<Expression> arguments, int position) -> {
        List<JsonElement> values = new ArrayList<>(arguments.size());
        for (Expression argument : arguments) {
          values.add(evaluate(argument, dot, variables));
        }
        if (values.isEmpty()) {
          throw error(function + " wants an argument", position);
        }
        try {
          yield TemplateFunctions.call(function, values);
        } catch (IllegalArgumentException e) {
          throw error(function + ": " + e.getMessage(), position);
        }
      }
    };
  }

  private JsonElement field(Expression.Field field, JsonElement base) {
    if (base.isJsonObject()) {
      JsonObject object = base.getAsJsonObject();
      JsonElement value = object.get(field.name());
      if (value != null) {
        return value;
      }
      if (strict) {
        throw error(
            "there is no field \""
                + field.name()
                + "\"; there are "
                + String.join(", ", object.keySet()),
            field.position());
      }
      return JsonNull.INSTANCE;
    }
    if (base.isJsonNull() && !strict) {
      return base;
    }
    throw error(
        "can't take field \"" + field.name() + "\" of " + TemplateFunctions.print(base),
        field.position());
  }

  private TemplateException error(String problem, int position) {
    return new TemplateException(problem, source, position);
  }
}
