package dev.skein.manager.schedule;

import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Resources;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a node's tasks take of it. Owned by the [Occupancy] it belongs to.
final class NodeUse {
  /// How long a failure is held against a node, and how many make it worse than others.
  /// SwarmKit's values.
  static final Duration FAILURE_MEMORY = Duration.ofMinutes(5);

  static final int FAILURES_MIN = 5;

  private long nanoCpus;
  private long memoryBytes;
  private int taskCount;
  private final Map<String, Integer> tasksOfService = new HashMap<>();
  private final Map<HostPort, Integer> hostPorts = new HashMap<>();
  private final Map<Group, Map<String, Instant>> failures = new HashMap<>();

  /// Tasks that may go to the same nodes: those of one revision of a service.
  record Group(String serviceId, long specVersion) {}

  /// Takes or, with -1, gives back what a task that may run needs.
  void reserve(Requirements requirements, int sign) {
    nanoCpus += sign * requirements.reservations().getNanoCpus();
    memoryBytes += sign * requirements.reservations().getMemoryBytes();
    for (var port : requirements.hostPorts()) {
      add(hostPorts, port, sign);
    }
  }

  /// Counts a task that is to run, for spreading.
  void count(String serviceId, int sign) {
    taskCount += sign;
    add(tasksOfService, serviceId, sign);
  }

  void addFailure(Group group, String taskId, Instant at) {
    failures.computeIfAbsent(group, g -> new HashMap<>(2)).put(taskId, at);
  }

  void removeFailure(Group group, String taskId) {
    var ofGroup = failures.get(group);
    if (ofGroup != null && ofGroup.remove(taskId) != null && ofGroup.isEmpty()) {
      failures.remove(group);
    }
  }

  private static <K> void add(Map<K, Integer> counts, K key, int sign) {
    counts.merge(key, sign, (a, b) -> a + b == 0 ? null : a + b);
  }

  int taskCount() {
    return taskCount;
  }

  int tasksOf(String serviceId) {
    return tasksOfService.getOrDefault(serviceId, 0);
  }

  /// The recent failures that count against the node: none while there are only few.
  int failuresOf(Group group, Instant now) {
    var ofGroup = failures.get(group);
    if (ofGroup == null) {
      return 0;
    }
    var since = now.minus(FAILURE_MEMORY);
    var recent = 0;
    for (var at : ofGroup.values()) {
      if (at.isAfter(since)) {
        recent++;
      }
    }
    return recent < FAILURES_MIN ? 0 : recent;
  }

  /// Why the node has no room for one more task of the service; null when it has.
  @Nullable Refusal refusalOf(Node node, String serviceId, Requirements requirements) {
    if (!hasRoom(node.getDescription().getResources(), requirements.reservations())) {
      return Refusal.RESOURCES;
    }
    for (var port : requirements.hostPorts()) {
      if (hostPorts.containsKey(port)) {
        return Refusal.HOST_PORT;
      }
    }
    var max = requirements.maxReplicasPerNode();
    return max > 0 && tasksOf(serviceId) >= max ? Refusal.MAX_REPLICAS : null;
  }

  private boolean hasRoom(Resources capacity, Resources wanted) {
    return (wanted.getNanoCpus() == 0 || nanoCpus + wanted.getNanoCpus() <= capacity.getNanoCpus())
        && (wanted.getMemoryBytes() == 0
            || memoryBytes + wanted.getMemoryBytes() <= capacity.getMemoryBytes());
  }
}
