package dev.skein.bench.state;

import com.google.protobuf.Timestamp;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.ContainerStatus;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.Protocol;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterMachine;
import dev.skein.state.IdSource;
import dev.skein.state.Outcome;
import dev.skein.state.SnapshotCodec;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/// Drives the state machine with log entries as the leader writes them: serialized change sets, so
/// that parsing counts. 100,000 tasks of 200 services on 1,000 nodes.
///
/// Run with `-Xmx2g -XX:+UseSerialGC`; the heap per task is the heap after a collection with the
/// tasks, less the heap before them.
public final class StateBench {
  private static final int TASKS = 100_000;
  private static final int SERVICES = 200;
  private static final int NODES = 1_000;
  private static final int ROUNDS = 7;

  private final Random random = new Random(42);
  private final IdSource ids = new IdSource(random);
  private final ClusterMachine machine = new ClusterMachine();
  private final List<String> taskIds = new ArrayList<>();
  private final List<String> taskNodes = new ArrayList<>();
  private long index;

  /// Prints one line per figure.
  public static void main(String[] args) throws IOException {
    new StateBench().run();
  }

  private void run() throws IOException {
    var services = createServicesAndNodes();
    var empty = heapBytes();
    createTasks(services);
    report("heap per task, created", (heapBytes() - empty - idBytes()) / TASKS + " bytes");
    for (var state :
        List.of(
            TaskState.TASK_STATE_ACCEPTED,
            TaskState.TASK_STATE_PREPARING,
            TaskState.TASK_STATE_STARTING,
            TaskState.TASK_STATE_RUNNING)) {
      updateAll(state, 1, 64, 0);
    }
    report("heap per task, running", (heapBytes() - empty - idBytes()) / TASKS + " bytes");
    // Refreshes of RUNNING: the same work as a transition, and it can be repeated.
    for (var shape : List.of(new int[] {100, 1}, new int[] {1, 64}, new int[] {1, 1})) {
      var rates = new double[ROUNDS];
      for (var round = 0; round < ROUNDS; round++) {
        rates[round] = updateAll(TaskState.TASK_STATE_RUNNING, shape[0], shape[1], round + 1);
      }
      Arrays.sort(rates);
      report(
          "task updates, %d per set, %d sets per entry".formatted(shape[0], shape[1]),
          "%.0f/s median of %d".formatted(rates[ROUNDS / 2], ROUNDS));
    }
    snapshots();
  }

  private List<String> createServicesAndNodes() {
    var changes = new ArrayList<Change>();
    var services = new ArrayList<String>();
    for (var i = 0; i < SERVICES; i++) {
      services.add(ids.next());
      changes.add(
          ChangeSets.create(
              Service.newBuilder()
                  .setId(services.getLast())
                  .setSpecVersion(1)
                  .setSpec(ServiceSpec.newBuilder().setName("service-" + i))
                  .build()));
    }
    for (var i = 0; i < NODES; i++) {
      taskNodes.add(ids.next());
      changes.add(ChangeSets.create(Node.newBuilder().setId(taskNodes.getLast()).build()));
    }
    apply(List.of(bytes(changes)));
    return services;
  }

  private void createTasks(List<String> services) {
    var changes = new ArrayList<Change>();
    for (var i = 0; i < TASKS; i++) {
      taskIds.add(ids.next());
      changes.add(
          ChangeSets.create(
              Task.newBuilder()
                  .setId(taskIds.getLast())
                  .setServiceId(services.get(i % SERVICES))
                  .setSlot(1 + i / SERVICES)
                  .setNodeId(nodeOf(i))
                  .setSpecVersion(1)
                  .setDesiredState(TaskState.TASK_STATE_RUNNING)
                  .setStatus(
                      TaskStatus.newBuilder()
                          .setState(TaskState.TASK_STATE_ASSIGNED)
                          .setMessage("assigned to a node"))
                  .build()));
      if (changes.size() == 1_000) {
        apply(List.of(bytes(changes)));
        changes.clear();
      }
    }
  }

  /// Reports every task once, in random order. Returns updates per second of CPU time.
  private double updateAll(TaskState state, int perSet, int setsPerEntry, int round) {
    var order = new ArrayList<Integer>(TASKS);
    for (var i = 0; i < TASKS; i++) {
      order.add(i);
    }
    Collections.shuffle(order, random);
    var entries = new ArrayList<List<byte[]>>();
    var entry = new ArrayList<byte[]>();
    var changes = new ArrayList<Change>();
    for (var i : order) {
      changes.add(ChangeSets.status(taskIds.get(i), nodeOf(i), status(state, i, round)));
      if (changes.size() == perSet) {
        entry.add(bytes(changes));
        changes.clear();
        if (entry.size() == setsPerEntry) {
          entries.add(List.copyOf(entry));
          entry.clear();
        }
      }
    }
    if (!entry.isEmpty()) {
      entries.add(entry);
    }
    var before = cpuNanos();
    entries.forEach(this::apply);
    return TASKS / ((cpuNanos() - before) / 1e9);
  }

  private TaskStatus status(TaskState state, int task, int round) {
    var running = state == TaskState.TASK_STATE_RUNNING;
    var status =
        TaskStatus.newBuilder()
            .setState(state)
            .setMessage(running ? "running" : "on its way")
            .setTimestamp(
                Timestamp.newBuilder().setSeconds(1_700_000_000 + round).setNanos(1 + task));
    if (running) {
      status
          .setContainerStatus(ContainerStatus.newBuilder().setPid(1_000 + task))
          .addPorts(
              PortConfig.newBuilder()
                  .setProtocol(Protocol.PROTOCOL_TCP)
                  .setTargetPort(80)
                  .setPublishedPort(20_000 + task % 40_000)
                  .setPublishMode(PublishMode.PUBLISH_MODE_INGRESS));
    }
    return status.build();
  }

  private void snapshots() throws IOException {
    var file = Files.createTempFile("skein-state", ".snapshot");
    try {
      for (var round = 0; round < 3; round++) {
        var before = cpuNanos();
        try (var out = new BufferedOutputStream(Files.newOutputStream(file))) {
          SnapshotCodec.write(machine.state(), out);
        }
        var written = cpuNanos();
        try (var in = new BufferedInputStream(Files.newInputStream(file))) {
          SnapshotCodec.read(in);
        }
        var read = cpuNanos();
        report(
            "snapshot, round " + (round + 1),
            "%d bytes written in %d ms, loaded in %d ms"
                .formatted(
                    Files.size(file),
                    (written - before) / 1_000_000,
                    (read - written) / 1_000_000));
      }
    } finally {
      Files.delete(file);
    }
  }

  private String nodeOf(int task) {
    return taskNodes.get(task % NODES);
  }

  /// What the driver itself holds of each task: its id and a reference to it.
  private static long idBytes() {
    return TASKS * (24L + 48L + 4L);
  }

  private void apply(List<byte[]> records) {
    for (var outcome : machine.apply(++index, records)) {
      if (!outcome.equals(Outcome.ACCEPTED)) {
        throw new IllegalStateException(outcome.toString());
      }
    }
  }

  private static byte[] bytes(List<Change> changes) {
    ChangeSet set = ChangeSets.of(Instant.ofEpochSecond(1_700_000_000), changes);
    return set.toByteArray();
  }

  /// What this thread has computed: the machine may be busy with something else.
  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static long heapBytes() {
    for (var i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void report(String what, String figure) {
    IO.println("%-45s %s".formatted(what, figure));
  }
}
