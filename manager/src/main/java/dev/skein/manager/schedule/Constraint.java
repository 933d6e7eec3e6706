package dev.skein.manager.schedule;

import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRole;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// One placement constraint such as `node.labels.zone==east`, `node.ip!=10.1.0.0/16` or
/// `node.labels.zone in (east, west)`.
///
/// Keys: `node.id`, `node.hostname`, `node.ip` (an address or a CIDR block), `node.role`
/// (`manager` or `worker`), `node.platform.os`, `node.platform.arch`, `node.labels.NAME`,
/// `engine.labels.NAME`. Keys but for the label's own name, and values, are compared without
/// regard to case, as Swarm does. A node that lacks the label satisfies every `!=` and `notin`.
///
/// `==` and `!=` are the sets of one value.
public sealed interface Constraint {
  /// Longest constraint that is read, in characters.
  int LENGTH_MAX = 1_024;

  /// Whether the node satisfies it.
  boolean isSatisfiedBy(Node node);

  /// Reads one constraint.
  ///
  /// @throws ConstraintException pointing at the part that is wrong
  static Constraint parse(String text) throws ConstraintException {
    return new ConstraintParser(text).parse();
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

    String key() {
      return key;
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

  /// What a constraint's values look like for comparing them.
  static String folded(String value) {
    return value.toLowerCase(Locale.ROOT);
  }

  /// On a property that every node has.
  ///
  /// @param in whether it has to be one of the values, or none of them
  /// @param values folded
  record OnProperty(Property property, boolean in, List<String> values) implements Constraint {
    public OnProperty {
      values = List.copyOf(values);
    }

    @Override
    public boolean isSatisfiedBy(Node node) {
      return values.contains(folded(property.of(node))) == in;
    }
  }

  /// On a label of the node or of its engine.
  ///
  /// @param in whether it has to be one of the values, or none of them
  /// @param values folded
  record OnLabel(boolean ofEngine, String label, boolean in, List<String> values)
      implements Constraint {
    public OnLabel {
      values = List.copyOf(values);
    }

    @Override
    public boolean isSatisfiedBy(Node node) {
      var labels =
          ofEngine
              ? node.getDescription().getEngine().getLabelsMap()
              : node.getSpec().getLabelsMap();
      var actual = labels.get(label);
      return (actual != null && values.contains(folded(actual))) == in;
    }
  }

  /// On the node's address.
  ///
  /// @param in whether it has to be in one of the blocks, or in none of them
  record OnAddress(boolean in, List<Block> blocks) implements Constraint {
    public OnAddress {
      blocks = List.copyOf(blocks);
    }

    @Override
    public boolean isSatisfiedBy(Node node) {
      var address = ConstraintParser.literalAddress(node.getStatus().getAddr());
      return (address != null && blocks.stream().anyMatch(block -> block.contains(address))) == in;
    }
  }

  /// The addresses that agree with `network` in the first `prefixBits` bits.
  record Block(InetAddress network, int prefixBits) {
    boolean contains(InetAddress candidate) {
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
}
