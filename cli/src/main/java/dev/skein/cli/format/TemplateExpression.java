package dev.skein.cli.format;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;

/// The parts of a parsed [Template] that have a value.
sealed interface TemplateExpression {
  /// The value.
  ///
  /// @throws TemplateException if this does not fit what it is applied to
  JsonElement evaluate(TemplateRun run, JsonElement dot);

  /// A constant.
  record Literal(JsonElement value) implements TemplateExpression {
    @Override
    public JsonElement evaluate(TemplateRun run, JsonElement dot) {
      return value;
    }
  }

  /// `.`
  record Dot() implements TemplateExpression {
    @Override
    public JsonElement evaluate(TemplateRun run, JsonElement dot) {
      return dot;
    }
  }

  /// `$` (empty name) or `$name`.
  record Variable(String name, int position) implements TemplateExpression {
    @Override
    public JsonElement evaluate(TemplateRun run, JsonElement dot) {
      JsonElement value = run.variables().get(name);
      if (value == null) {
        throw run.error("undefined variable \"$" + name + "\"", position);
      }
      return value;
    }
  }

  /// `base.name`
  record Field(TemplateExpression base, String name, int position) implements TemplateExpression {
    @Override
    public JsonElement evaluate(TemplateRun run, JsonElement dot) {
      JsonElement parent = base.evaluate(run, dot);
      if (parent.isJsonObject()) {
        JsonObject object = parent.getAsJsonObject();
        JsonElement value = object.get(name);
        if (value != null) {
          return value;
        }
        if (run.strict()) {
          throw run.error(
              "there is no field \"" + name + "\"; there are " + String.join(", ", object.keySet()),
              position);
        }
        return JsonNull.INSTANCE;
      }
      if (parent.isJsonNull() && !run.strict()) {
        return parent;
      }
      throw run.error(
          "can't take field \"" + name + "\" of " + TemplateFunctions.print(parent), position);
    }
  }

  /// A function and its arguments, the piped one last.
  record Call(String function, List<TemplateExpression> arguments, int position)
      implements TemplateExpression {
    @Override
    public JsonElement evaluate(TemplateRun run, JsonElement dot) {
      List<JsonElement> values = new ArrayList<>(arguments.size());
      for (TemplateExpression argument : arguments) {
        values.add(argument.evaluate(run, dot));
      }
      if (values.isEmpty()) {
        throw run.error(function + " wants an argument", position);
      }
      try {
        return TemplateFunctions.call(function, values);
      } catch (IllegalArgumentException e) {
        throw run.error(function + ": " + e.getMessage(), position);
      }
    }
  }
}
