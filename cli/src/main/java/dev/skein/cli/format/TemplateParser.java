package dev.skein.cli.format;

import com.google.gson.JsonNull;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Parses the subset of Go's template language that [Template] describes, by recursive descent.
final class TemplateParser {
  /// The deepest nesting of blocks and parentheses.
  private static final int DEPTH_MAX = 100;

  private final String source;
  private int at;
  private int depth;
  // The action that ended the last list of nodes: "end", "else" or empty at the end of the source.
  private String terminator = "";
  private boolean trimNext;

  TemplateParser(String source) {
    this.source = source;
  }

  List<TemplateNode> parse() {
    List<TemplateNode> nodes = nodes();
    if (!terminator.isEmpty()) {
      throw error("unexpected {{" + terminator + "}}", at);
    }
    return nodes;
  }

  private List<TemplateNode> nodes() {
    if (++depth > DEPTH_MAX) {
      throw error("nested deeper than " + DEPTH_MAX, at);
    }
    List<TemplateNode> nodes = new ArrayList<>();
    while (true) {
      int open = source.indexOf("{{", at);
      String text = source.substring(at, open < 0 ? source.length() : open);
      if (trimNext) {
        text = text.stripLeading();
        trimNext = false;
      }
      if (open >= 0 && source.startsWith("- ", open + 2)) {
        text = text.stripTrailing();
      }
      if (!text.isEmpty()) {
        nodes.add(new TemplateNode.Text(text));
      }
      if (open < 0) {
        at = source.length();
        terminator = "";
        depth--;
        return nodes;
      }
      at = open + (source.startsWith("- ", open + 2) ? 4 : 2);
      if (source.startsWith("/*", at)) {
        int end = source.indexOf("*/", at);
        if (end < 0) {
          throw error("the comment is not closed", open);
        }
        at = end + 2;
        close();
        continue;
      }
      TemplateNode node = action();
      if (node == null) {
        depth--;
        return nodes;
      }
      nodes.add(node);
    }
  }

  // Null when the action ends the list of nodes; then the terminator is set.
  private @Nullable TemplateNode action() {
    blanks();
    int start = at;
    String word = peekWord();
    return switch (word) {
      case "end" -> {
        at += word.length();
        close();
        terminator = "end";
        yield null;
      }
      case "else" -> {
        at += word.length();
        blanks();
        if (peekWord().equals("if")) {
          // Left for the enclosing if, which reads the rest as its own else part.
          terminator = "else if";
        } else {
          close();
          terminator = "else";
        }
        yield null;
      }
      case "if" -> {
        at += word.length();
        yield ifBlock(start);
      }
      case "with" -> {
        at += word.length();
        String variable = declared();
        TemplateExpression value = pipeline();
        close();
        List<TemplateNode> body = nodes();
        yield new TemplateNode.With(variable, value, body, otherwise(start));
      }
      case "range" -> {
        at += word.length();
        yield rangeBlock(start);
      }
      default -> {
        String variable = declared();
        TemplateExpression value = pipeline();
        close();
        yield variable == null
            ? new TemplateNode.Output(value)
            : new TemplateNode.Assign(variable, value);
      }
    };
  }

  private TemplateNode ifBlock(int start) {
    TemplateExpression condition = pipeline();
    close();
    List<TemplateNode> then = nodes();
    if (terminator.equals("else if")) {
      at += "if".length();
      return new TemplateNode.If(condition, then, List.of(ifBlock(start)));
    }
    return new TemplateNode.If(condition, then, otherwise(start));
  }

  private TemplateNode rangeBlock(int start) {
    String first = null;
    String second = null;
    int back = at;
    blanks();
    if (at < source.length() && source.charAt(at) == '$') {
      first = variableName();
      blanks();
      if (source.startsWith(",", at)) {
        at++;
        blanks();
        second = variableName();
        blanks();
      }
      if (source.startsWith(":=", at)) {
        at += 2;
      } else if (second == null) {
        first = null;
        at = back;
      } else {
        throw error("want := after the variables", at);
      }
    }
    TemplateExpression value = pipeline();
    close();
    List<TemplateNode> body = nodes();
    return new TemplateNode.Range(
        second == null ? null : first,
        second == null ? first : second,
        value,
        body,
        otherwise(start),
        start);
  }

  // Reads what follows the first list of a block, up to its end.
  private List<TemplateNode> otherwise(int start) {
    if (terminator.equals("end")) {
      return List.of();
    }
    if (terminator.equals("else")) {
      List<TemplateNode> nodes = nodes();
      if (terminator.equals("end")) {
        return nodes;
      }
    }
    throw error("{{" + wordAt(start) + "}} has no {{end}}", start);
  }

  // `$x :=` or `$x =`: the variable; else null with nothing read.
  private @Nullable String declared() {
    int back = at;
    blanks();
    if (at < source.length() && source.charAt(at) == '$') {
      String name = variableName();
      blanks();
      if (source.startsWith(":=", at)) {
        at += 2;
        return name;
      }
      if (source.startsWith("=", at)) {
        at++;
        return name;
      }
    }
    at = back;
    return null;
  }

  private String variableName() {
    if (at >= source.length() || source.charAt(at) != '$') {
      throw error("want a variable", at);
    }
    at++;
    String name = peekWord();
    at += name.length();
    return name;
  }

  private TemplateExpression pipeline() {
    if (++depth > DEPTH_MAX) {
      throw error("nested deeper than " + DEPTH_MAX, at);
    }
    TemplateExpression value = command(null);
    blanks();
    while (source.startsWith("|", at)) {
      at++;
      value = command(value);
      blanks();
    }
    depth--;
    return value;
  }

  private TemplateExpression command(@Nullable TemplateExpression piped) {
    blanks();
    int start = at;
    String word = peekWord();
    if (!word.isEmpty() && isNameStart(word.charAt(0)) && !isConstant(word)) {
      if (!TemplateFunctions.NAMES.contains(word)) {
        throw error("unknown function \"" + word + "\"", start);
      }
      at += word.length();
      List<TemplateExpression> arguments = new ArrayList<>();
      for (TemplateExpression operand = operand(); operand != null; operand = operand()) {
        arguments.add(operand);
      }
      if (piped != null) {
        arguments.add(piped);
      }
      return new TemplateExpression.Call(word, arguments, start);
    }
    TemplateExpression operand = operand();
    if (operand == null) {
      throw error(at >= source.length() ? "{{ is not closed" : "want a value", at);
    }
    if (piped != null) {
      throw error("only a function can follow |", start);
    }
    return operand;
  }

  // Null when no operand follows.
  private @Nullable TemplateExpression operand() {
    blanks();
    if (at >= source.length()) {
      return null;
    }
    int start = at;
    char c = source.charAt(at);
    if (c == '.') {
      at++;
      String name = peekWord();
      if (name.isEmpty()) {
        return new TemplateExpression.Dot();
      }
      at += name.length();
      return fields(new TemplateExpression.Field(new TemplateExpression.Dot(), name, start));
    }
    if (c == '$') {
      return fields(new TemplateExpression.Variable(variableName(), start));
    }
    if (c == '(') {
      at++;
      TemplateExpression inner = pipeline();
      blanks();
      if (!source.startsWith(")", at)) {
        throw error("want )", at);
      }
      at++;
      return fields(inner);
    }
    if (c == '"' || c == '`') {
      return new TemplateExpression.Literal(new JsonPrimitive(string(c)));
    }
    if (Character.isDigit(c) || (c == '-' && !source.startsWith("-}}", at))) {
      return number();
    }
    String word = peekWord();
    return switch (word) {
      case "true", "false" -> {
        at += word.length();
        yield new TemplateExpression.Literal(new JsonPrimitive(word.equals("true")));
      }
      case "nil" -> {
        at += word.length();
        yield new TemplateExpression.Literal(JsonNull.INSTANCE);
      }
      case "" -> {
        if (c == '}' || c == '|' || c == ')' || c == '-') {
          yield null;
        }
        throw error("unexpected '" + c + "'", at);
      }
      default -> {
        if (TemplateFunctions.NAMES.contains(word)) {
          at += word.length();
          yield new TemplateExpression.Call(word, List.of(), start);
        }
        throw error("unknown function \"" + word + "\"", start);
      }
    };
  }

  private TemplateExpression fields(TemplateExpression base) {
    TemplateExpression value = base;
    while (at + 1 < source.length()
        && source.charAt(at) == '.'
        && isNameStart(source.charAt(at + 1))) {
      int start = at;
      at++;
      String name = peekWord();
      at += name.length();
      value = new TemplateExpression.Field(value, name, start);
    }
    return value;
  }

  private TemplateExpression number() {
    int start = at;
    at++;
    while (at < source.length()
        && (Character.isDigit(source.charAt(at)) || source.charAt(at) == '.')) {
      at++;
    }
    try {
      String text = source.substring(start, at);
      return new TemplateExpression.Literal(
          text.indexOf('.') < 0
              ? new JsonPrimitive(Long.valueOf(text))
              : new JsonPrimitive(new BigDecimal(text)));
    } catch (NumberFormatException e) {
      throw error("bad number", start);
    }
  }

  private String string(char quote) {
    int start = at;
    StringBuilder text = new StringBuilder();
    for (at++; at < source.length(); at++) {
      char c = source.charAt(at);
      if (c == quote) {
        at++;
        return text.toString();
      }
      if (c == '\\' && quote == '"' && at + 1 < source.length()) {
        at++;
        text.append(
            switch (source.charAt(at)) {
              case 'n' -> '\n';
              case 't' -> '\t';
              case 'r' -> '\r';
              default -> source.charAt(at);
            });
      } else {
        text.append(c);
      }
    }
    throw error("the string is not closed", start);
  }

  private void close() {
    blanks();
    if (source.startsWith("-}}", at)) {
      at += 3;
      trimNext = true;
    } else if (source.startsWith("}}", at)) {
      at += 2;
    } else {
      throw error(at >= source.length() ? "{{ is not closed" : "want }}", at);
    }
  }

  private void blanks() {
    while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
      at++;
    }
  }

  private String peekWord() {
    return wordAt(at);
  }

  private String wordAt(int from) {
    int end = from;
    while (end < source.length() && isNamePart(source.charAt(end))) {
      end++;
    }
    return source.substring(from, end);
  }

  private static boolean isConstant(String word) {
    return Set.of("true", "false", "nil").contains(word);
  }

  private static boolean isNameStart(char c) {
    return Character.isLetter(c) || c == '_';
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_';
  }

  private TemplateException error(String problem, int position) {
    return new TemplateException(problem, source, position);
  }
}
