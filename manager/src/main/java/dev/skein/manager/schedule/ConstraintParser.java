package dev.skein.manager.schedule;

import dev.skein.manager.schedule.Constraint.Block;
import dev.skein.manager.schedule.Constraint.OnAddress;
import dev.skein.manager.schedule.Constraint.OnLabel;
import dev.skein.manager.schedule.Constraint.OnProperty;
import dev.skein.manager.schedule.Constraint.Property;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Splits a constraint at its operator, then reads each side; every error names its column, from
/// 1.
final class ConstraintParser {
  private static final String KEYS =
      "node.id, node.hostname, node.ip, node.role, node.platform.os, node.platform.arch,"
          + " node.labels.NAME or engine.labels.NAME";
  private static final String OPERATORS = "use ==, !=, in (A, B) or notin (A, B)";
  private static final String NODE_LABELS = "node.labels.";
  private static final String ENGINE_LABELS = "engine.labels.";
  private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.\\-/]*");
  private static final Pattern VALUE =
      Pattern.compile("[A-Za-z0-9:\\-_\\s.*()?+\\[\\]\\\\^$|/@,=]+");

  /// The operator of a set: a word of its own after the key.
  private static final Pattern SET =
      Pattern.compile(
          "\\s*[^\\s=!<>]+\\s+(?<operator>notin|in)(?=[\\s(]|$)\\s*", Pattern.CASE_INSENSITIVE);

  /// Four numbers, as the abbreviated forms of IPv4 are more likely slips than meant.
  private static final Pattern ADDRESS =
      Pattern.compile("[0-9]+(\\.[0-9]+){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

  private final String text;

  ConstraintParser(String text) {
    this.text = text;
  }

  /// A part of the text, with where it begins.
  private record Part(String text, int at) {}

  Constraint parse() throws ConstraintException {
    if (text.length() > Constraint.LENGTH_MAX) {
      throw error("is longer than " + Constraint.LENGTH_MAX + " characters", Constraint.LENGTH_MAX);
    }
    var set = SET.matcher(text);
    if (set.lookingAt()) {
      var in = set.group("operator").equalsIgnoreCase("in");
      return ofKey(key(set.start("operator")), in, elements(set.end()));
    }
    var operator = operatorIndex();
    var in = text.charAt(operator) == '=';
    var key = key(operator);
    var value = part(operator + 2, text.length());
    if (value.text.isEmpty()) {
      throw error("has no value after the operator", operator + 2);
    }
    checkValue(value);
    return ofKey(key, in, List.of(value));
  }

  private Part key(int end) throws ConstraintException {
    var key = part(0, end);
    if (key.text.isEmpty()) {
      throw error("has no key before the operator: use " + KEYS, 0);
    }
    return key;
  }

  /// What is between two places, without the blanks around it.
  private Part part(int from, int to) {
    var whole = text.substring(from, to);
    var stripped = whole.strip();
    return new Part(stripped, from + Math.max(0, whole.indexOf(stripped)));
  }

  private int operatorIndex() throws ConstraintException {
    for (var i = 0; i + 1 < text.length(); i++) {
      var c = text.charAt(i);
      if ((c == '=' || c == '!') && text.charAt(i + 1) == '=') {
        return i;
      }
      if (c == '=' || c == '!' || c == '<' || c == '>') {
        throw error("has the unknown operator '" + c + "': " + OPERATORS, i);
      }
    }
    throw error("has no operator: " + OPERATORS, text.length());
  }

  /// The values of a set, which begins here.
  private List<Part> elements(int from) throws ConstraintException {
    if (from == text.length() || text.charAt(from) != '(') {
      throw error("has no '(' after the operator: write in (A, B)", from);
    }
    var elements = new ArrayList<Part>();
    var begin = from + 1;
    for (var i = begin; i < text.length(); i++) {
      var c = text.charAt(i);
      if (c == '(') {
        throw error("has a '(' within the set", i);
      }
      if (c != ',' && c != ')') {
        continue;
      }
      var element = part(begin, i);
      if (element.text.isEmpty()) {
        throw error("has an empty value in the set", i);
      }
      checkValue(element);
      elements.add(element);
      begin = i + 1;
      if (c == ')') {
        var rest = part(begin, text.length());
        if (!rest.text.isEmpty()) {
          throw error("goes on after the set with '" + rest.text + "'", rest.at);
        }
        return elements;
      }
    }
    throw error("has no ')' at the end of the set", text.length());
  }

  private void checkValue(Part value) throws ConstraintException {
    if (!VALUE.matcher(value.text).matches()) {
      throw error("has the invalid value '" + value.text + "'", value.at);
    }
  }

  private Constraint ofKey(Part key, boolean in, List<Part> values) throws ConstraintException {
    var lowered = key.text.toLowerCase(Locale.ROOT);
    if (lowered.startsWith(NODE_LABELS)) {
      return new OnLabel(false, label(key, NODE_LABELS.length()), in, folded(values));
    }
    if (lowered.startsWith(ENGINE_LABELS)) {
      return new OnLabel(true, label(key, ENGINE_LABELS.length()), in, folded(values));
    }
    if (lowered.equals("node.ip")) {
      var blocks = new ArrayList<Block>(values.size());
      for (var value : values) {
        blocks.add(block(value));
      }
      return new OnAddress(in, blocks);
    }
    for (var property : Property.values()) {
      if (property.key().equals(lowered)) {
        if (property == Property.ROLE) {
          checkRoles(values);
        }
        return new OnProperty(property, in, folded(values));
      }
    }
    throw error("has the unknown key '" + key.text + "': use " + KEYS, key.at);
  }

  private static List<String> folded(List<Part> values) {
    return values.stream().map(value -> Constraint.folded(value.text)).toList();
  }

  private void checkRoles(List<Part> values) throws ConstraintException {
    for (var value : values) {
      if (!value.text.equalsIgnoreCase("manager") && !value.text.equalsIgnoreCase("worker")) {
        throw error("has the unknown role '" + value.text + "': use manager or worker", value.at);
      }
    }
  }

  private String label(Part key, int prefix) throws ConstraintException {
    var label = key.text.substring(prefix);
    if (!LABEL.matcher(label).matches()) {
      throw error("has the invalid label name '" + label + "'", key.at + prefix);
    }
    return label;
  }

  private Block block(Part value) throws ConstraintException {
    var slash = value.text.indexOf('/');
    var host = slash < 0 ? value.text : value.text.substring(0, slash);
    var network = literalAddress(host);
    if (network == null) {
      throw error("has the invalid address '" + host + "'", value.at);
    }
    var bits = network.getAddress().length * Byte.SIZE;
    if (slash < 0) {
      return new Block(network, bits);
    }
    var prefix = value.text.substring(slash + 1);
    if (!prefix.matches("[0-9]{1,3}") || Integer.parseInt(prefix) > bits) {
      throw error(
          "has the invalid prefix length '" + prefix + "': use 0 to " + bits, value.at + slash + 1);
    }
    return new Block(network, Integer.parseInt(prefix));
  }

  /// The address that is written, or null. Names are never looked up.
  static @Nullable InetAddress literalAddress(String text) {
    if (!ADDRESS.matcher(text).matches()) {
      return null;
    }
    try {
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private ConstraintException error(String problem, int column) {
    return new ConstraintException(text, problem, column + 1);
  }
}
