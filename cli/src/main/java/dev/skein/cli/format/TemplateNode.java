package dev.skein.cli.format;

import com.google.gson.JsonElement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The parts of a parsed [Template]. Positions are offsets in its source, for messages.
sealed interface TemplateNode {
  /// Literal text.
  record Text(String text) implements TemplateNode {}

  /// Prints a value.
  record Output(Expression value) implements TemplateNode {}

  /// Sets a variable.
  record Assign(String variable, Expression value) implements TemplateNode {}

  /// `if`, with `else if` nested in the otherwise part.
  record If(Expression condition, List<TemplateNode> then, List<TemplateNode> otherwise)
      implements TemplateNode {}

  /// `with`.
  record With(
      @Nullable String variable,
      Expression value,
      List<TemplateNode> body,
      List<TemplateNode> otherwise)
      implements TemplateNode {}

  /// `range`; the variables are null unless declared.
  record Range(
      @Nullable String key,
      @Nullable String element,
      Expression value,
      List<TemplateNode> body,
      List<TemplateNode> otherwise,
      int position)
      implements TemplateNode {}

  /// What has a value.
  sealed interface Expression {
    /// A constant.
    record Literal(JsonElement value) implements Expression {}

    /// `.`
    record Dot() implements Expression {}

    /// `$` (empty name) or `$name`.
    record Variable(String name, int position) implements Expression {}

    /// `base.name`
    record Field(Expression base, String name, int position) implements Expression {}

    /// A function and its arguments, the piped one last.
    record Call(String function, List<Expression> arguments, int position) implements Expression {}
  }
}
