package dev.skein.cli.format;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The parts of a parsed [Template]; each knows how to run. Positions are offsets in its source,
/// for
/// messages.
///
/// They are classes with a method each, rather than data for one `switch`: a `switch` over types is
/// linked anew at each start of the program, which costs several milliseconds.
sealed interface TemplateNode {
  /// Writes what this part gives for a value.
  void run(TemplateRun run, JsonElement dot);

  /// Runs a list of parts.
  static void all(List<TemplateNode> nodes, TemplateRun run, JsonElement dot) {
    for (TemplateNode node : nodes) {
      node.run(run, dot);
    }
  }

  /// Literal text.
  record Text(String text) implements TemplateNode {
    @Override
    public void run(TemplateRun run, JsonElement dot) {
      run.out().append(text);
    }
  }

  /// Prints a value.
  record Output(TemplateExpression value) implements TemplateNode {
    @Override
    public void run(TemplateRun run, JsonElement dot) {
      run.out().append(TemplateFunctions.print(value.evaluate(run, dot)));
    }
  }

  /// Sets a variable.
  record Assign(String variable, TemplateExpression value) implements TemplateNode {
    @Override
    public void run(TemplateRun run, JsonElement dot) {
      run.variables().put(variable, value.evaluate(run, dot));
    }
  }

  /// `if`, with `else if` nested in the otherwise part.
  record If(TemplateExpression condition, List<TemplateNode> then, List<TemplateNode> otherwise)
      implements TemplateNode {
    @Override
    public void run(TemplateRun run, JsonElement dot) {
      boolean holds = TemplateFunctions.truth(condition.evaluate(run, dot));
      all(holds ? then : otherwise, run, dot);
    }
  }

  /// `with`.
  record With(
      @Nullable String variable,
      TemplateExpression value,
      List<TemplateNode> body,
      List<TemplateNode> otherwise)
      implements TemplateNode {
    @Override
    public void run(TemplateRun run, JsonElement dot) {
      JsonElement result = value.evaluate(run, dot);
      if (variable != null) {
        run.variables().put(variable, result);
      }
      if (TemplateFunctions.truth(result)) {
        all(body, run, result);
      } else {
        all(otherwise, run, dot);
      }
    }
  }

  /// `range`; the variables are null unless declared.
  record Range(
      @Nullable String key,
      @Nullable String element,
      TemplateExpression value,
      List<TemplateNode> body,
      List<TemplateNode> otherwise,
      int position)
      implements TemplateNode {
    @Override
    public void run(TemplateRun run, JsonElement dot) {
      JsonElement result = value.evaluate(run, dot);
      if (!TemplateFunctions.truth(result)) {
        all(otherwise, run, dot);
      } else if (result.isJsonArray()) {
        int index = 0;
        for (JsonElement each : result.getAsJsonArray()) {
          turn(new JsonPrimitive(index++), each, run);
        }
      } else if (result.isJsonObject()) {
        List<Map.Entry<String, JsonElement>> entries =
            result.getAsJsonObject().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .toList();
        for (Map.Entry<String, JsonElement> entry : entries) {
          turn(new JsonPrimitive(entry.getKey()), entry.getValue(), run);
        }
      } else {
        throw run.error("can't range over " + TemplateFunctions.print(result), position);
      }
    }

    private void turn(JsonElement index, JsonElement each, TemplateRun run) {
      if (key != null) {
        run.variables().put(key, index);
      }
      if (element != null) {
        run.variables().put(element, each);
      }
      all(body, run, each);
    }
  }
}
