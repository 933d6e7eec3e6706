package dev.skein.manager.schedule;

import dev.skein.proto.v1.DiscreteGenericResource;
import dev.skein.proto.v1.GenericResource;
import dev.skein.proto.v1.NamedGenericResource;
import dev.skein.proto.v1.Resources;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Which of a node's generic resources its tasks have. A service asks for a number of a kind; a
/// node has a number of it, or some by name. Owned by the [NodeUse] it belongs to.
final class GenericUse {
  private final Map<String, Long> counts = new HashMap<>();
  // Counted, as within one move between states the next holder may be seen before the last.
  private final Map<NamedGenericResource, Integer> names = new HashMap<>();

  /// Takes or, with -1, gives back what a task has.
  void account(List<GenericResource> had, int sign) {
    for (var resource : had) {
      if (resource.hasNamedResourceSpec()) {
        names.merge(
            resource.getNamedResourceSpec(),
            sign,
            (a, b) -> a + b == 0 ? null : Integer.valueOf(a + b));
      } else {
        var discrete = resource.getDiscreteResourceSpec();
        counts.merge(
            discrete.getKind(),
            sign * discrete.getValue(),
            (a, b) -> a + b == 0 ? null : Long.valueOf(a + b));
      }
    }
  }

  /// How many of a kind are left on a node with this capacity.
  long free(Resources capacity, String kind) {
    return freeNames(capacity, kind).size()
        + Math.max(0, count(capacity, kind) - counts.getOrDefault(kind, 0L));
  }

  /// The kind that the node has too few of for one more task; "" when there is enough of all.
  String shortOf(Resources capacity, Resources wanted) {
    for (var resource : wanted.getGenericResourcesList()) {
      var asked = resource.getDiscreteResourceSpec();
      if (free(capacity, asked.getKind()) < asked.getValue()) {
        return asked.getKind();
      }
    }
    return "";
  }

  /// What one more task gets of what is free: names in the node's order, or else a number.
  List<GenericResource> claim(Resources capacity, Resources wanted) {
    var claimed = new ArrayList<GenericResource>(wanted.getGenericResourcesCount());
    for (var resource : wanted.getGenericResourcesList()) {
      var asked = resource.getDiscreteResourceSpec();
      var kind = asked.getKind();
      var named = freeNames(capacity, kind);
      for (var name : named.subList(0, (int) Math.min(named.size(), asked.getValue()))) {
        claimed.add(
            GenericResource.newBuilder()
                .setNamedResourceSpec(
                    NamedGenericResource.newBuilder().setKind(kind).setValue(name))
                .build());
      }
      if (named.size() < asked.getValue()) {
        claimed.add(
            GenericResource.newBuilder()
                .setDiscreteResourceSpec(
                    DiscreteGenericResource.newBuilder()
                        .setKind(kind)
                        .setValue(asked.getValue() - named.size()))
                .build());
      }
    }
    return claimed;
  }

  private static long count(Resources capacity, String kind) {
    var count = 0L;
    for (var resource : capacity.getGenericResourcesList()) {
      if (resource.hasDiscreteResourceSpec()
          && resource.getDiscreteResourceSpec().getKind().equals(kind)) {
        count += resource.getDiscreteResourceSpec().getValue();
      }
    }
    return count;
  }

  private List<String> freeNames(Resources capacity, String kind) {
    var free = new ArrayList<String>(2);
    for (var resource : capacity.getGenericResourcesList()) {
      var named = resource.getNamedResourceSpec();
      if (resource.hasNamedResourceSpec()
          && named.getKind().equals(kind)
          && !names.containsKey(named)) {
        free.add(named.getValue());
      }
    }
    return free;
  }
}
