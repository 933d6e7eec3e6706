package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;
import static dev.skein.manager.control.Rejection.notFound;

import dev.skein.manager.plan.NodeNames;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.state.ClusterState;
import dev.skein.state.PersistentMap;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// Finds the one object that a user means: by its id, then its exact name, then a prefix of its id
/// that only one has.
final class Lookup {
  private Lookup() {}

  /// A service that is being removed is no longer found.
  static Service service(ClusterState state, String ref) throws Rejection {
    var byId = state.service(ref);
    if (byId != null && !byId.getPendingDelete()) {
      return byId;
    }
    var byName = state.serviceByName(ref);
    return byName != null
        ? byName
        : byPrefix("service", ref, state.services(), service -> !service.getPendingDelete());
  }

  /// By hostname too; several nodes may have one.
  static Node node(ClusterState state, String ref) throws Rejection {
    var byId = state.node(ref);
    if (byId != null) {
      return byId;
    }
    var named = new ArrayList<Node>();
    for (var node : state.nodes().values()) {
      if (name(node).equalsIgnoreCase(ref)) {
        named.add(node);
      }
    }
    return named.isEmpty()
        ? byPrefix("node", ref, state.nodes(), node -> true)
        : only("node", ref, named);
  }

  static Task task(ClusterState state, String ref) throws Rejection {
    var byId = state.task(ref);
    return byId != null ? byId : byPrefix("task", ref, state.tasks(), task -> true);
  }

  static Cluster cluster(ClusterState state) throws Rejection {
    var cluster = state.cluster();
    if (cluster == null) {
      throw notFound("this manager has no cluster yet");
    }
    return cluster;
  }

  /// What users call a node: the name in its spec, or its hostname.
  static String name(Node node) {
    return NodeNames.of(node);
  }

  private static <T> T byPrefix(
      String kind, String ref, PersistentMap<T> objects, Predicate<T> counts) throws Rejection {
    if (ref.isEmpty()) {
      throw invalid("no %s was named: give its id or name", kind);
    }
    var found = new ArrayList<T>();
    for (var object : objects.valuesWithPrefix(ref)) {
      if (counts.test(object)) {
        found.add(object);
      }
    }
    return only(kind, ref, found);
  }

  private static <T> T only(String kind, String ref, List<T> found) throws Rejection {
    if (found.isEmpty()) {
      throw notFound("%s %s not found", kind, ref);
    }
    if (found.size() > 1) {
      throw invalid("%s %s is ambiguous (%d matches found): use its id", kind, ref, found.size());
    }
    return found.getFirst();
  }
}
