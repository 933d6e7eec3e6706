package dev.skein.bench.plan;

import com.sun.management.OperatingSystemMXBean;
import dev.skein.bench.RealTime;
import dev.skein.manager.loop.ControlCore;
import dev.skein.manager.loop.Planners;
import dev.skein.proto.v1.Capability;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.Platform;
import dev.skein.proto.v1.ReplicatedMode;
import dev.skein.proto.v1.Resources;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.IdSource;
import dev.skein.state.Times;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// A leader's state and its planners, on one thread. Its workers do what they are told in the same
/// moment; its clock goes on when work is done.
@RealTime
final class PlannedCluster {
  private static final int CHANGES_PER_SET = 1_000;

  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final IdSource ids = new IdSource(new Random(42));
  private final List<String> taskIds = new ArrayList<>();
  private ClusterState state = ClusterState.empty();
  private ControlCore core = newLeader();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private int services;
  private long applyNanos;
  private long planNanos;

  PlannedCluster(int nodes) {
    var changes = new ArrayList<Change>();
    for (var i = 0; i < nodes; i++) {
      changes.add(ChangeSets.create(node(i)));
    }
    commitAll(changes);
    settle();
  }

  private static Node node(int number) {
    return Node.newBuilder()
        .setId("node-" + number)
        .setRole(NodeRole.NODE_ROLE_WORKER)
        .setSpec(
            NodeSpec.newBuilder()
                .setAvailability(NodeAvailability.NODE_AVAILABILITY_ACTIVE)
                .putLabels("zone", "zone-" + number % 10))
        .setStatus(NodeStatus.newBuilder().setState(NodeState.NODE_STATE_READY))
        .setDescription(
            NodeDescription.newBuilder()
                .setHostname("node-" + number)
                .setPlatform(Platform.newBuilder().setOs("linux").setArchitecture("x86_64"))
                .setResources(
                    Resources.newBuilder()
                        .setNanoCpus(64_000_000_000L)
                        .setMemoryBytes(256_000_000_000L))
                .addCapabilities(Capability.newBuilder().setName("process").setAvailable(true)))
        .build();
  }

  private ControlCore newLeader() {
    return new ControlCore(Planners.create(ids), state);
  }

  /// Creates services of processes that reserve a tenth of a CPU each.
  void createServices(int count, int replicas) {
    var changes = new ArrayList<Change>();
    for (var i = 0; i < count; i++) {
      var name = "service-" + services++;
      var task = TaskSpec.newBuilder().setRuntime("process");
      task.setRestartPolicy(RestartPolicy.newBuilder().setDelay(Times.proto(Duration.ZERO)));
      task.getResourcesBuilder().getReservationsBuilder().setNanoCpus(100_000_000L);
      var spec =
          ServiceSpec.newBuilder()
              .setName(name)
              .setTaskTemplate(task)
              .setMode(
                  ServiceMode.newBuilder()
                      .setReplicated(ReplicatedMode.newBuilder().setReplicas(replicas)));
      changes.add(
          ChangeSets.create(
              Service.newBuilder().setId(name).setSpec(spec).setSpecVersion(1).build()));
    }
    commitAll(changes);
  }

  private void commitAll(List<Change> changes) {
    for (var from = 0; from < changes.size(); from += CHANGES_PER_SET) {
      commit(
          ChangeSets.of(
              now, changes.subList(from, Math.min(changes.size(), from + CHANGES_PER_SET))));
    }
  }

  private void commit(ChangeSet set) {
    var start = threadNanos();
    var before = state;
    var applied = before.apply(before.index() + 1, List.of(set));
    state = applied.state();
    applyNanos += threadNanos() - start;
    start = threadNanos();
    core.observe(new Commit(state.index(), before, state, applied.changes()));
    planNanos += threadNanos() - start;
  }

  /// The planners run, and what they plan is committed, until they have nothing left to do.
  void settle() {
    while (true) {
      now = now.plusMillis(1);
      var start = threadNanos();
      var sets = core.plan(now);
      planNanos += threadNanos() - start;
      if (sets.isEmpty()) {
        return;
      }
      sets.forEach(this::commit);
    }
  }

  /// A leader that knows nothing but the state.
  void changeLeader() {
    core = newLeader();
  }

  /// Looks at everything.
  ///
  /// @throws IllegalStateException when there is something to do
  void requireNothingToDo() {
    var sets = core.plan(now);
    if (!sets.isEmpty()) {
      throw new IllegalStateException("a new leader would do more: " + sets.getFirst());
    }
  }

  /// All tasks run.
  void runAll() {
    var changes = new ArrayList<Change>();
    taskIds.clear();
    for (var task : state.tasks().values()) {
      taskIds.add(task.getId());
      changes.add(status(task, TaskState.TASK_STATE_RUNNING, "started"));
    }
    commitAll(changes);
    settle();
  }

  /// One task's worker reports again that it runs.
  void refresh(int number) {
    var task = task(number);
    commit(
        ChangeSets.of(
            now, List.of(status(task, TaskState.TASK_STATE_RUNNING, "report " + number))));
    settle();
  }

  /// One task fails; its successor is placed and runs.
  void failAndReplace(int number) {
    var failed = task(number);
    commit(ChangeSets.of(now, List.of(status(failed, TaskState.TASK_STATE_FAILED, "failed"))));
    settle();
    for (var task : state.tasksOfSlot(failed.getServiceId(), failed.getSlot())) {
      if (task.getStatus().getState() == TaskState.TASK_STATE_ASSIGNED) {
        commit(ChangeSets.of(now, List.of(status(task, TaskState.TASK_STATE_RUNNING, "started"))));
        settle();
        taskIds.set(index(number), task.getId());
        return;
      }
    }
    throw new IllegalStateException("task " + failed.getId() + " was not replaced");
  }

  private int index(int number) {
    // A prime, so that one report after the other is of another service and node.
    return (int) (number * 7_919L % taskIds.size());
  }

  private Task task(int number) {
    var task = state.task(taskIds.get(index(number)));
    if (task == null) {
      throw new IllegalStateException("task " + number + " is gone");
    }
    return task;
  }

  private Change status(Task task, TaskState to, String message) {
    return ChangeSets.status(
        task,
        TaskStatus.newBuilder()
            .setState(to)
            .setMessage(message)
            .setTimestamp(Times.timestamp(now))
            .build());
  }

  /// Checks how many tasks are in a state.
  void require(TaskState wanted, int count) {
    var found =
        state.tasks().values().stream()
            .filter(task -> task.getStatus().getState() == wanted)
            .count();
    if (found != count) {
      throw new IllegalStateException(found + " tasks are " + wanted + ", not " + count);
    }
  }

  /// What this process has used of all processors, in nanoseconds.
  static long processorNanos() {
    return SYSTEM.getProcessCpuTime();
  }

  private static long threadNanos() {
    return THREADS.getCurrentThreadCpuTime();
  }

  void forgetTimes() {
    applyNanos = 0;
    planNanos = 0;
  }

  /// What applying commits took so far, in nanoseconds of this thread.
  long applyNanos() {
    return applyNanos;
  }

  /// What the control loop took so far, in nanoseconds of this thread.
  long planNanos() {
    return planNanos;
  }
}
