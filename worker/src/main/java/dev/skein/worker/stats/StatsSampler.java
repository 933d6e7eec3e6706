package dev.skein.worker.stats;

import dev.skein.mesh.MeshStats;
import dev.skein.proto.v1.NodeStats;
import dev.skein.proto.v1.NodeUsage;
import dev.skein.proto.v1.ServiceTraffic;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStats;
import dev.skein.worker.agent.WorkerTask;
import dev.skein.worker.runtime.TaskUsage;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Makes rates out of counters: what was used per second since the last sample. Rates are made
/// here, so that a new leader knows them with the first message it gets. Owned by one thread,
/// which may block.
public final class StatsSampler {
  /// How often a sample is taken where that costs next to nothing.
  static final long PERIOD_NANOS = 2_000_000_000;

  /// A sample may cost one part in so many of a CPU: where it takes long, the next one is late.
  private static final long COST_SHARE = 20;

  private static final double NANOS_PER_SECOND = 1e9;

  private final LongSupplier nanoTime;
  private final Supplier<MachineCounters> counters;
  private Map<String, TaskUsage> tasks = new HashMap<>();
  private Map<String, Traffic> services = new HashMap<>();
  private MachineCounters machine;
  private long takenAt;
  private long costNanos;

  /// @param nanoTime a monotonic clock
  public StatsSampler(LongSupplier nanoTime) {
    this(nanoTime, MachineCounters::read);
  }

  /// @param counters of the machine as they are when it is asked
  StatsSampler(LongSupplier nanoTime, Supplier<MachineCounters> counters) {
    this.nanoTime = nanoTime;
    this.counters = counters;
    machine = counters.get();
    takenAt = nanoTime.getAsLong();
  }

  /// What one task has used until now.
  @FunctionalInterface
  public interface Meter {
    /// Reads it of a task.
    ///
    /// @throws IOException when the task has no process any more
    TaskUsage read(String taskId) throws IOException;
  }

  /// How long to wait before the next sample.
  public long pauseNanos() {
    return Math.max(PERIOD_NANOS, costNanos * COST_SHARE);
  }

  /// Takes a sample. A task that was not there at the last one is left out.
  public NodeStats sample(Map<String, WorkerTask> known, Meter meter, MeshStats mesh) {
    var now = nanoTime.getAsLong();
    var seconds = Math.max(1, now - takenAt) / NANOS_PER_SECOND;
    var stats = NodeStats.newBuilder().setNode(machine(seconds));
    var seen = new HashMap<String, TaskUsage>();
    for (var task : known.values()) {
      var usage = usage(task, meter);
      if (usage != null) {
        seen.put(task.id(), usage);
        var before = tasks.get(task.id());
        if (before != null) {
          stats.addTasks(task(task.id(), before, usage, seconds));
        }
      }
    }
    tasks = seen;
    addTraffic(stats, mesh, seconds);
    takenAt = now;
    costNanos = nanoTime.getAsLong() - now;
    return stats.build();
  }

  private NodeUsage machine(double seconds) {
    var before = machine;
    machine = counters.get();
    return NodeUsage.newBuilder()
        .setNanoCpus(rate(before.cpuNanos(), machine.cpuNanos(), seconds))
        .setMemoryBytes(machine.memoryBytes())
        .setReadBytesPerSecond(rate(before.readBytes(), machine.readBytes(), seconds))
        .setWrittenBytesPerSecond(rate(before.writtenBytes(), machine.writtenBytes(), seconds))
        .setReceivedBytesPerSecond(rate(before.receivedBytes(), machine.receivedBytes(), seconds))
        .setSentBytesPerSecond(rate(before.sentBytes(), machine.sentBytes(), seconds))
        .build();
  }

  private static @Nullable TaskUsage usage(WorkerTask task, Meter meter) {
    if (task.state() != TaskState.TASK_STATE_RUNNING
        && task.state() != TaskState.TASK_STATE_STARTING) {
      return null;
    }
    try {
      return meter.read(task.id());
    } catch (IOException e) {
      // It has just ended.
      return null;
    }
  }

  private static TaskStats task(String id, TaskUsage before, TaskUsage after, double seconds) {
    return TaskStats.newBuilder()
        .setTaskId(id)
        .setNanoCpus(rate(before.cpuTime().toNanos(), after.cpuTime().toNanos(), seconds))
        .setMemoryBytes(after.memoryBytes())
        .setReadBytesPerSecond(rate(before.readBytes(), after.readBytes(), seconds))
        .setWrittenBytesPerSecond(rate(before.writtenBytes(), after.writtenBytes(), seconds))
        .setProcesses(after.processes())
        .build();
  }

  /// What the ports of one service have counted together.
  private record Traffic(long open, long held, long total, long received, long sent) {
    Traffic plus(MeshStats.Port port) {
      return new Traffic(
          open + port.open(),
          held + port.held(),
          total + port.total(),
          received + port.bytesFromClients(),
          sent + port.bytesToClients());
    }
  }

  private void addTraffic(NodeStats.Builder stats, MeshStats mesh, double seconds) {
    var now = new TreeMap<String, Traffic>();
    for (var port : mesh.ports()) {
      now.merge(
          port.serviceId(),
          new Traffic(0, 0, 0, 0, 0).plus(port),
          (sum, ignored) -> sum.plus(port));
    }
    now.forEach(
        (id, traffic) -> {
          // A port that is new here counts from 0.
          var before = services.getOrDefault(id, new Traffic(0, 0, 0, 0, 0));
          stats.addServices(
              ServiceTraffic.newBuilder()
                  .setServiceId(id)
                  .setOpen(traffic.open())
                  .setWaiting(traffic.held())
                  .setConnectionsPerSecond(Math.max(0, traffic.total() - before.total()) / seconds)
                  .setReceivedBytesPerSecond(rate(before.received(), traffic.received(), seconds))
                  .setSentBytesPerSecond(rate(before.sent(), traffic.sent(), seconds)));
        });
    services = now;
  }

  /// Counters of processes that have ended are gone, so that a sum may become less.
  private static long rate(long before, long after, double seconds) {
    return (long) (Math.max(0, after - before) / seconds);
  }
}
