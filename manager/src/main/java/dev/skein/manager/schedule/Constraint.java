package dev.skein.manager.schedule;

import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRole;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One placement constraint such as `node.labels.zone==east` or `node.ip!=10.1.0.0/16`.
///
/// Keys: `node.id`, `node.hostname`, `node.ip` (an address or a CIDR block), `node.role`
/// (`manager` or `worker`), `node.platform.os`, `node.platform.arch`, `node.labels.NAME`,
/// `engine.labels.NAME`. Keys but for the label's own name, and values, are compared without
/// regard to case, as Swarm does. A node that lacks the label satisfies every `!=`.
public sealed interface Constraint {
  /// Longest constraint that is read, in characters.
  int LENGTH_MAX = 1_024;

  /// Whether the node satisfies it.
  boolean isSatisfiedBy(Node node);

  /// Reads one constraint.
  ///
  /// @throws ConstraintException pointing at the part that is wrong
  static Constraint parse(String text) throws ConstraintException {
    return new Parser(text).parse();
  }

  /// Reads all of them; a node has to satisfy each.
  ///
  /// @throws ConstraintException pointing at the part that is wrong in the first that is
  static List<Constraint> parseAll(List<String> texts) throws ConstraintException {
    var constraints = new ArrayList<Constraint>(texts.size());
    for (var text : texts) {
      constraints.add(parse(text));
    }
    return List.copyOf(constraints);
  }

  /// What a constraint asks of a node.
  enum Property {
    ID("node.id"),
    HOSTNAME("node.hostname"),
    ROLE("node.role"),
    OS("node.platform.os"),
    ARCHITECTURE("node.platform.arch");

    private final String key;

    Property(String key) {
      this.key = key;
    }

    String of(Node node) {
      return switch (this) {
        case ID -> node.getId();
        case HOSTNAME -> node.getDescription().getHostname();
        case ROLE -> role(node);
        case OS -> node.getDescription().getPlatform().getOs();
        case ARCHITECTURE -> node.getDescription().getPlatform().getArchitecture();
      };
    }

    /// The role that the node has; before its first certificate, the one it is meant to have.
    private static String role(Node node) {
      var role =
          node.getRole() == NodeRole.NODE_ROLE_UNSPECIFIED
              ? node.getSpec().getRole()
              : node.getRole();
      return role == NodeRole.NODE_ROLE_MANAGER ? "manager" : "worker";
    }
  }

  /// On a property that every node has.
  record OnProperty(Property property, boolean equal, String value) implements Constraint {
    @Override
    public boolean isSatisfiedBy(Node node) {
      return property.of(node).equalsIgnoreCase(value) == equal;
    }
  }

  /// On a label of the node or of its engine.
  record OnLabel(boolean ofEngine, String label, boolean equal, String value)
      implements Constraint {
    @Override
    public boolean isSatisfiedBy(Node node) {
      var labels =
          ofEngine
              ? node.getDescription().getEngine().getLabelsMap()
              : node.getSpec().getLabelsMap();
      var actual = labels.get(label);
      return (actual != null && actual.equalsIgnoreCase(value)) == equal;
    }
  }

  /// On the node's address: the first `prefixBits` bits of `network` have to agree.
  record OnAddress(InetAddress network, int prefixBits, boolean equal) implements Constraint {
    @Override
    public boolean isSatisfiedBy(Node node) {
      return contains(node.getStatus().getAddr()) == equal;
    }

    private boolean contains(String address) {
      var candidate = Parser.literalAddress(address);
      if (candidate == null) {
        return false;
      }
      var wanted = network.getAddress();
      var actual = candidate.getAddress();
      if (wanted.length != actual.length) {
        return false;
      }
      for (var bit = 0; bit < prefixBits; bit++) {
        var mask = 0x80 >> (bit % Byte.SIZE);
        var index = bit / Byte.SIZE;
        if ((wanted[index] & mask) != (actual[index] & mask)) {
          return false;
        }
      }
      return true;
    }
  }

  /// Splits at the operator, then reads each side; every error names its column, from 1.
  final class Parser {
    private static final String KEYS =
        "node.id, node.hostname, node.ip, node.role, node.platform.os, node.platform.arch,"
            + " node.labels.NAME or engine.labels.NAME";
    private static final String NODE_LABELS = "node.labels.";
    private static final String ENGINE_LABELS = "engine.labels.";
    private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.\\-/]*");
    private static final Pattern VALUE =
        Pattern.compile("[A-Za-z0-9:\\-_\\s.*()?+\\[\\]\\\\^$|/@,=]+");
    /// Four numbers, as the abbreviated forms of IPv4 are more likely slips than meant.
    private static final Pattern ADDRESS =
        Pattern.compile("[0-9]+(\\.[0-9]+){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    private final String text;

    private Parser(String text) {
      this.text = text;
    }

    private Constraint parse() throws ConstraintException {
      if (text.length() > LENGTH_MAX) {
        throw error("is longer than " + LENGTH_MAX + " characters", LENGTH_MAX);
      }
      var operator = operatorIndex();
      var equal = text.charAt(operator) == '=';
      var key = text.substring(0, operator).strip();
      var rest = text.substring(operator + 2);
      var value = rest.strip();
      var keyAt = Math.max(0, text.indexOf(key));
      var valueAt = operator + 2 + Math.max(0, rest.indexOf(value));
      if (key.isEmpty()) {
        throw error("has no key before the operator: use " + KEYS, 0);
      }
      if (value.isEmpty()) {
        throw error("has no value after the operator", operator + 2);
      }
      if (!VALUE.matcher(value).matches()) {
        throw error("has the invalid value '" + value + "'", valueAt);
      }
      return ofKey(key, keyAt, equal, value, valueAt);
    }

    private int operatorIndex() throws ConstraintException {
      for (var i = 0; i + 1 < text.length(); i++) {
        var c = text.charAt(i);
        if ((c == '=' || c == '!') && text.charAt(i + 1) == '=') {
          return i;
        }
        if (c == '=' || c == '!' || c == '<' || c == '>') {
          throw error("has the unknown operator '" + c + "': use == or !=", i);
        }
      }
      throw error("has no operator: use == or !=", text.length());
    }

    private Constraint ofKey(String key, int keyAt, boolean equal, String value, int valueAt)
        throws ConstraintException {
      var lowered = key.toLowerCase(Locale.ROOT);
      if (lowered.startsWith(NODE_LABELS)) {
        return new OnLabel(false, label(key, keyAt, NODE_LABELS.length()), equal, value);
      }
      if (lowered.startsWith(ENGINE_LABELS)) {
        return new OnLabel(true, label(key, keyAt, ENGINE_LABELS.length()), equal, value);
      }
      if (lowered.equals("node.ip")) {
        return address(equal, value, valueAt);
      }
      for (var property : Property.values()) {
        if (property.key.equals(lowered)) {
          if (property == Property.ROLE
              && !value.equalsIgnoreCase("manager")
              && !value.equalsIgnoreCase("worker")) {
            throw error("has the unknown role '" + value + "': use manager or worker", valueAt);
          }
          return new OnProperty(property, equal, value);
        }
      }
      throw error("has the unknown key '" + key + "': use " + KEYS, keyAt);
    }

    private String label(String key, int keyAt, int prefix) throws ConstraintException {
      var label = key.substring(prefix);
      if (!LABEL.matcher(label).matches()) {
        throw error("has the invalid label name '" + label + "'", keyAt + prefix);
      }
      return label;
    }

    private OnAddress address(boolean equal, String value, int valueAt) throws ConstraintException {
      var slash = value.indexOf('/');
      var host = slash < 0 ? value : value.substring(0, slash);
      var network = literalAddress(host);
      if (network == null) {
        throw error("has the invalid address '" + host + "'", valueAt);
      }
      var bits = network.getAddress().length * Byte.SIZE;
      if (slash < 0) {
        return new OnAddress(network, bits, equal);
      }
      var prefix = value.substring(slash + 1);
      if (!prefix.matches("[0-9]{1,3}") || Integer.parseInt(prefix) > bits) {
        throw error(
            "has the invalid prefix length '" + prefix + "': use 0 to " + bits,
            valueAt + slash + 1);
      }
      return new OnAddress(network, Integer.parseInt(prefix), equal);
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
}
