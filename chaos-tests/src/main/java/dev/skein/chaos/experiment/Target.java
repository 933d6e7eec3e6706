package dev.skein.chaos.experiment;

import java.util.Optional;
import java.util.regex.Pattern;

/// Which node a fault befalls.
///
/// @param word as in files
public record Target(String word) {

  /// What is possible, for messages.
  public static final String POSSIBLE =
      "leader, follower, manager, worker, any, or a node's name such as m1 or w2";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}");

  /// What kind of node.
  public enum Kind {
    /// The manager that leads when the fault begins.
    LEADER,
    /// A manager that does not.
    FOLLOWER,
    /// Any manager.
    MANAGER,
    /// A node that is no manager.
    WORKER,
    /// Any node.
    ANY,
    /// The node of this name.
    NAMED
  }

  /// Reads one; empty when it can be none.
  public static Optional<Target> of(String word) {
    return NAME.matcher(word).matches() ? Optional.of(new Target(word)) : Optional.empty();
  }

  /// What kind of node it is.
  public Kind kind() {
    return switch (word) {
      case "leader" -> Kind.LEADER;
      case "follower" -> Kind.FOLLOWER;
      case "manager" -> Kind.MANAGER;
      case "worker" -> Kind.WORKER;
      case "any" -> Kind.ANY;
      default -> Kind.NAMED;
    };
  }

  @Override
  public String toString() {
    return word;
  }
}
