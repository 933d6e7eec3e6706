package dev.skein.manager.schedule;

import dev.skein.proto.v1.GenericResource;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Resources;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a node's tasks take of it. Owned by the [Occupancy] it belongs to.
final class NodeUse {
  /// How long a failure is held against a node, and how many make it worse than others.
  /// SwarmKit's values.
  static final Duration FAILURE_MEMORY = Duration.ofMinutes(5);

  static final int FAILURES_MIN = 5;

  private static final int NANO_DIGITS = 9;
  private static final int MEBIBYTE_BITS = 20;

  private long nanoCpus;
  private long memoryBytes;
  private final GenericUse genericUse = new GenericUse();
  private int taskCount;
  private final Map<String, Integer> tasksOfService = new HashMap<>();
  private final Map<HostPort, Integer> hostPorts = new HashMap<>();
  private final Map<Group, Map<String, Instant>> failures = new HashMap<>();

  /// Tasks that may go to the same nodes: those of one revision of a service.
  record Group(String serviceId, long specVersion) {}

  /// Takes or, with -1, gives back what a task that may run needs.
  ///
  /// @param generic the generic resources that it was given
  void reserve(Requirements requirements, List<GenericResource> generic, int sign) {
    genericUse.account(generic, sign);
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

  /// The generic resources that one more task of these requirements gets.
  List<GenericResource> claim(Node node, Requirements requirements) {
    return genericUse.claim(node.getDescription().getResources(), requirements.reservations());
  }

  /// How full the node is with one more task of these requirements.
  Load loadWith(Node node, Requirements requirements) {
    var capacity = node.getDescription().getResources();
    var wanted = requirements.reservations();
    return new Load(
            share(nanoCpus, capacity.getNanoCpus()),
            share(memoryBytes, capacity.getMemoryBytes()),
            share(wanted.getNanoCpus(), capacity.getNanoCpus()),
            share(wanted.getMemoryBytes(), capacity.getMemoryBytes()))
        .withOneMore();
  }

  private static double share(long part, long whole) {
    return whole <= 0 ? 0 : (double) part / whole;
  }

  /// What is too little on the node for one more task, in words such as `0.5 of 4 CPUs are free,
  /// it needs 1`.
  String shortage(Node node, Requirements requirements) {
    var capacity = node.getDescription().getResources();
    var wanted = requirements.reservations();
    if (!fits(nanoCpus, wanted.getNanoCpus(), capacity.getNanoCpus())) {
      return "%s of %s CPUs are free, it needs %s"
          .formatted(
              cpus(capacity.getNanoCpus() - nanoCpus),
              cpus(capacity.getNanoCpus()),
              cpus(wanted.getNanoCpus()));
    }
    if (!fits(memoryBytes, wanted.getMemoryBytes(), capacity.getMemoryBytes())) {
      return "%s of %s of memory are free, it needs %s"
          .formatted(
              mebibytes(capacity.getMemoryBytes() - memoryBytes),
              mebibytes(capacity.getMemoryBytes()),
              mebibytes(wanted.getMemoryBytes()));
    }
    var kind = genericUse.shortOf(capacity, wanted);
    return kind.isEmpty()
        ? ""
        : "%d of %s are free, it needs %d"
            .formatted(genericUse.free(capacity, kind), kind, requirements.genericCount(kind));
  }

  private static String cpus(long nanoCpus) {
    return BigDecimal.valueOf(nanoCpus, NANO_DIGITS).stripTrailingZeros().toPlainString();
  }

  private static String mebibytes(long bytes) {
    return (bytes >> MEBIBYTE_BITS) + " MiB";
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
    return fits(nanoCpus, wanted.getNanoCpus(), capacity.getNanoCpus())
        && fits(memoryBytes, wanted.getMemoryBytes(), capacity.getMemoryBytes())
        && genericUse.shortOf(capacity, wanted).isEmpty();
  }

  private static boolean fits(long used, long wanted, long capacity) {
    return wanted == 0 || used + wanted <= capacity;
  }
}
