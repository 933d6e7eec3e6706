package dev.skein.manager.schedule;

import dev.skein.proto.v1.DiscreteGenericResource;
import dev.skein.proto.v1.GenericResource;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Placement;
import dev.skein.proto.v1.Platform;
import dev.skein.proto.v1.Resources;
import dev.skein.proto.v1.SpecRevision;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What one revision of a service asks of a node, read once for many nodes.
///
/// @param constraints all have to hold; null when one cannot be read, and then none holds
/// anywhere
/// @param spreadOver the labels to spread over, such as `node.labels.zone`, outermost first
/// @param maxReplicasPerNode 0: no limit
/// @param placement as it was written, for explaining it and for its strategy
public record Requirements(
    String runtime,
    @Nullable List<Constraint> constraints,
    List<Platform> platforms,
    Resources reservations,
    List<HostPort> hostPorts,
    List<String> spreadOver,
    long maxReplicasPerNode,
    Placement placement) {
  /// The runtime that a task asks for when it names none.
  public static final String DEFAULT_RUNTIME = "container";

  /// The names that one architecture goes by; the first is the one that nodes report.
  private static final Map<String, String> ARCHITECTURES =
      Map.of("amd64", "x86_64", "arm64", "aarch64");

  public static Requirements of(SpecRevision revision) {
    var task = revision.getTask();
    var placement = task.getPlacement();
    return new Requirements(
        task.getRuntime().isEmpty() ? DEFAULT_RUNTIME : task.getRuntime(),
        constraints(placement.getConstraintsList()),
        placement.getPlatformsList(),
        task.getResources().getReservations(),
        HostPort.of(revision.getEndpoint()),
        placement.getPreferencesList().stream()
            .map(preference -> preference.getSpread().getSpreadDescriptor())
            .toList(),
        placement.getMaxReplicas(),
        placement);
  }

  /// How many of a kind of generic resource a task needs.
  long genericCount(String kind) {
    return reservations.getGenericResourcesList().stream()
        .map(GenericResource::getDiscreteResourceSpec)
        .filter(wanted -> wanted.getKind().equals(kind))
        .mapToLong(DiscreteGenericResource::getValue)
        .sum();
  }

  /// The first constraint that the node does not satisfy, as it was written; "" when there is none.
  String violated(Node node) {
    for (var text : placement.getConstraintsList()) {
      if (constraints == null
          || !constraints.get(placement.getConstraintsList().indexOf(text)).isSatisfiedBy(node)) {
        return text;
      }
    }
    return "";
  }

  private static @Nullable List<Constraint> constraints(List<String> texts) {
    try {
      return Constraint.parseAll(texts);
    } catch (ConstraintException unreadable) {
      // Admission refuses these; one that came in by another version places nothing rather than
      // anything.
      return null;
    }
  }

  /// Why this node gets no task at all, for reasons that do not depend on the tasks it has; null
  /// when it may get one.
  public @Nullable Refusal refusalOf(Node node) {
    if (node.getStatus().getState() != NodeState.NODE_STATE_READY) {
      return Refusal.NOT_READY;
    }
    var availability = node.getSpec().getAvailability();
    if (availability == NodeAvailability.NODE_AVAILABILITY_PAUSE
        || availability == NodeAvailability.NODE_AVAILABILITY_DRAIN) {
      return Refusal.NOT_AVAILABLE;
    }
    if (!hasRuntime(node)) {
      return Refusal.RUNTIME;
    }
    if (!constraintsHold(node)) {
      return Refusal.CONSTRAINTS;
    }
    return platformFits(node) ? null : Refusal.PLATFORM;
  }

  /// Whether a task that is on the node has to leave it: the node is drained, or a constraint
  /// holds no longer. A node that only takes no new tasks keeps those it has.
  public boolean evicts(Node node) {
    return isDrained(node) || !constraintsHold(node);
  }

  /// Whether all tasks have to leave the node.
  public static boolean isDrained(Node node) {
    return node.getSpec().getAvailability() == NodeAvailability.NODE_AVAILABILITY_DRAIN;
  }

  private boolean hasRuntime(Node node) {
    for (var capability : node.getDescription().getCapabilitiesList()) {
      if (capability.getName().equals(runtime)) {
        return capability.getAvailable();
      }
    }
    return false;
  }

  boolean constraintsHold(Node node) {
    if (constraints == null) {
      return false;
    }
    for (var constraint : constraints) {
      if (!constraint.isSatisfiedBy(node)) {
        return false;
      }
    }
    return true;
  }

  private boolean platformFits(Node node) {
    if (platforms.isEmpty()) {
      return true;
    }
    var actual = node.getDescription().getPlatform();
    for (var platform : platforms) {
      var osFits = platform.getOs().isEmpty() || platform.getOs().equalsIgnoreCase(actual.getOs());
      var architectureFits =
          platform.getArchitecture().isEmpty()
              || architecture(platform).equals(architecture(actual));
      if (osFits && architectureFits) {
        return true;
      }
    }
    return false;
  }

  private static String architecture(Platform platform) {
    var name = platform.getArchitecture().toLowerCase(Locale.ROOT);
    return ARCHITECTURES.getOrDefault(name, name);
  }
}
