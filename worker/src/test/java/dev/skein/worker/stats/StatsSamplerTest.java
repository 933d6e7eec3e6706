package dev.skein.worker.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skein.mesh.MeshStats;
import dev.skein.mesh.PortKey;
import dev.skein.mesh.Protocol;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.NodeStats;
import dev.skein.proto.v1.NodeUsage;
import dev.skein.proto.v1.ServiceTraffic;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStats;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.worker.agent.WorkerTask;
import dev.skein.worker.runtime.TaskUsage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Rates out of counters. The clock, the tasks' counters and the machine's are the test's.
final class StatsSamplerTest {
  private static final long SECOND = 1_000_000_000;

  private final Map<String, WorkerTask> tasks = new HashMap<>();
  private final Map<String, TaskUsage> used = new HashMap<>();
  private final List<MeshStats.Port> ports = new ArrayList<>();
  private MachineCounters machine = new MachineCounters(0, 0, 0, 0, 0, 0);
  private long now;
  private long readingTakesNanos;
  private final StatsSampler sampler = new StatsSampler(() -> now, () -> machine);

  private NodeStats sampleAfter(long seconds) {
    now += seconds * SECOND;
    return sampler.sample(tasks, this::usage, new MeshStats(ports));
  }

  private TaskUsage usage(String taskId) throws IOException {
    now += readingTakesNanos;
    var usage = used.get(taskId);
    if (usage == null) {
      throw new IOException("task " + taskId + " has ended");
    }
    return usage;
  }

  private void task(String id, TaskState state, @Nullable TaskUsage usage) {
    var assigned = AssignedTask.newBuilder();
    assigned.getTaskBuilder().setId(id);
    var status = TaskStatus.newBuilder().setState(state).build();
    tasks.put(
        id,
        new WorkerTask(
            assigned.build(),
            status,
            TaskState.TASK_STATE_RUNNING,
            WorkerTask.Operation.NONE,
            true,
            false,
            null,
            false,
            null));
    if (usage == null) {
      used.remove(id);
    } else {
      used.put(id, usage);
    }
  }

  private static TaskUsage usage(long cpuMillis, long memory, long read, long written) {
    return new TaskUsage(Duration.ofMillis(cpuMillis), memory, 3, read, written);
  }

  private static MeshStats.Port port(String service, int number, int open, int held, long total) {
    var key = new PortKey(number, Protocol.TCP);
    return new MeshStats.Port(service, key, open, held, total, total * 100, total * 1000, 0, 0);
  }

  @Test
  void aTasksRatesAreItsCountersDifferencesPerSecond() {
    task("a", TaskState.TASK_STATE_RUNNING, usage(1_000, 10, 100, 1_000));
    assertThat(sampleAfter(2).getTasksList()).as("there is nothing to compare with").isEmpty();

    task("a", TaskState.TASK_STATE_RUNNING, usage(2_000, 20, 140, 5_000));
    assertThat(sampleAfter(4).getTasksList())
        .containsExactly(
            TaskStats.newBuilder()
                .setTaskId("a")
                .setNanoCpus(SECOND / 4)
                .setMemoryBytes(20)
                .setReadBytesPerSecond(10)
                .setWrittenBytesPerSecond(1_000)
                .setProcesses(3)
                .build());
  }

  @Test
  void countersThatWentBackAreNoNegativeRate() {
    task("a", TaskState.TASK_STATE_RUNNING, usage(1_000, 10, 100, 1_000));
    sampleAfter(2);
    // The process that had read and written has ended, and its counters with it.
    task("a", TaskState.TASK_STATE_RUNNING, usage(900, 10, 0, 0));
    var task = sampleAfter(2).getTasks(0);
    assertThat(task.getNanoCpus()).isZero();
    assertThat(task.getReadBytesPerSecond()).isZero();
    assertThat(task.getWrittenBytesPerSecond()).isZero();
  }

  @Test
  void onlyTasksWithAProcessAreMeasured() {
    task("begins", TaskState.TASK_STATE_STARTING, usage(0, 1, 0, 0));
    task("waits", TaskState.TASK_STATE_READY, usage(0, 1, 0, 0));
    task("failed", TaskState.TASK_STATE_FAILED, usage(0, 1, 0, 0));
    task("just ended", TaskState.TASK_STATE_RUNNING, null);
    sampleAfter(2);
    assertThat(sampleAfter(2).getTasksList())
        .extracting(TaskStats::getTaskId)
        .containsExactly("begins");

    // One that could not be measured once begins anew: its old counters are too old by now.
    task("begins", TaskState.TASK_STATE_RUNNING, null);
    assertThat(sampleAfter(2).getTasksList()).isEmpty();
    task("begins", TaskState.TASK_STATE_RUNNING, usage(8_000, 1, 0, 0));
    assertThat(sampleAfter(2).getTasksList()).isEmpty();
    assertThat(sampleAfter(2).getTasks(0).getNanoCpus()).isZero();
  }

  @Test
  void theMachinesRatesBeginWithTheFirstSample() {
    machine = new MachineCounters(3 * SECOND, 77, 20, 40, 60, 80);
    assertThat(sampleAfter(2).getNode())
        .isEqualTo(
            NodeUsage.newBuilder()
                .setNanoCpus(3 * SECOND / 2)
                .setMemoryBytes(77)
                .setReadBytesPerSecond(10)
                .setWrittenBytesPerSecond(20)
                .setReceivedBytesPerSecond(30)
                .setSentBytesPerSecond(40)
                .build());
    assertThat(sampleAfter(2).getNode())
        .isEqualTo(NodeUsage.newBuilder().setMemoryBytes(77).build());
  }

  @Test
  void theTrafficOfAServiceIsThatOfItsPortsTogether() {
    ports.add(port("web", 80, 3, 1, 10));
    ports.add(port("web", 443, 2, 0, 30));
    ports.add(port("api", 81, 0, 0, 0));
    assertThat(sampleAfter(4).getServicesList())
        .as("a port that is new counts from 0")
        .containsExactly(
            ServiceTraffic.newBuilder().setServiceId("api").build(),
            ServiceTraffic.newBuilder()
                .setServiceId("web")
                .setOpen(5)
                .setWaiting(1)
                .setConnectionsPerSecond(10)
                .setReceivedBytesPerSecond(1_000)
                .setSentBytesPerSecond(10_000)
                .build());

    // One port is closed and its counters with it.
    ports.subList(0, 2).clear();
    ports.add(port("web", 443, 0, 0, 32));
    assertThat(sampleAfter(1).getServicesList())
        .filteredOn(traffic -> traffic.getServiceId().equals("web"))
        .singleElement()
        .satisfies(
            web -> {
              assertThat(web.getOpen()).isZero();
              assertThat(web.getConnectionsPerSecond()).isZero();
              assertThat(web.getReceivedBytesPerSecond()).isZero();
            });
    ports.set(ports.size() - 1, port("web", 443, 0, 0, 33));
    assertThat(sampleAfter(2).getServices(1).getConnectionsPerSecond())
        .isCloseTo(0.5, within(1e-9));
  }

  @Test
  void samplesThatTakeLongAreTakenLessOften() {
    sampleAfter(2);
    assertThat(sampler.pauseNanos()).isEqualTo(StatsSampler.PERIOD_NANOS);
    task("a", TaskState.TASK_STATE_RUNNING, usage(0, 0, 0, 0));
    readingTakesNanos = SECOND;
    sampleAfter(2);
    assertThat(sampler.pauseNanos()).isEqualTo(20 * SECOND);
    readingTakesNanos = 0;
    sampleAfter(20);
    assertThat(sampler.pauseNanos()).isEqualTo(StatsSampler.PERIOD_NANOS);
  }
}
