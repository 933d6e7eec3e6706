package dev.skein.manager.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.loop.ControlCore;
import dev.skein.manager.loop.Planners;
import dev.skein.proto.v1.Capability;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.OrchestrationConfig;
import dev.skein.proto.v1.Platform;
import dev.skein.proto.v1.ReplicatedMode;
import dev.skein.proto.v1.Resources;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceMode;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.proto.v1.UpdateState;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.IdSource;
import dev.skein.state.InMemoryStore;
import dev.skein.state.Mode;
import dev.skein.state.Revisions;
import dev.skein.state.TaskStates;
import dev.skein.state.Times;
import dev.skein.state.Watch;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A cluster for planner tests: the real planners on a store in memory, workers that do what they
/// are told when they are asked to, and a clock that moves when a test says so.
public final class World {
  private static final int ROUNDS_MAX = 200;

  private final InMemoryStore store = new InMemoryStore();
  private final IdSource ids = new IdSource(new Random(7));
  private Watch watch = store.watch();
  private ControlCore core = new ControlCore(Planners.create(ids), store.state());
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  public Instant now() {
    return now;
  }

  public ClusterState state() {
    return store.state();
  }

  public void change(Change change) {
    store.commit(ChangeSets.of(now, List.of(change)));
  }

  // ---- What a user does

  public World cluster(long historyLimit) {
    change(
        ChangeSets.create(
            Cluster.newBuilder()
                .setId("cluster")
                .setSpec(
                    ClusterSpec.newBuilder()
                        .setOrchestration(
                            OrchestrationConfig.newBuilder()
                                .setTaskHistoryRetentionLimit(historyLimit)))
                .build()));
    return this;
  }

  /// Adds ready nodes of 4 CPUs and 4 GB that can run processes.
  public World nodes(String... names) {
    for (var name : names) {
      change(ChangeSets.create(aNode(name)));
    }
    return this;
  }

  public static Node aNode(String name) {
    return Node.newBuilder()
        .setId(name)
        .setRole(NodeRole.NODE_ROLE_WORKER)
        .setSpec(NodeSpec.newBuilder().setAvailability(NodeAvailability.NODE_AVAILABILITY_ACTIVE))
        .setStatus(NodeStatus.newBuilder().setState(NodeState.NODE_STATE_READY))
        .setDescription(
            NodeDescription.newBuilder()
                .setHostname(name)
                .setPlatform(Platform.newBuilder().setOs("linux").setArchitecture("x86_64"))
                .setResources(
                    Resources.newBuilder()
                        .setNanoCpus(4_000_000_000L)
                        .setMemoryBytes(4_000_000_000L))
                .addCapabilities(Capability.newBuilder().setName("process").setAvailable(true)))
        .build();
  }

  public World node(String name, UnaryOperator<Node.Builder> edit) {
    var node = state().node(name);
    if (node == null) {
      change(ChangeSets.create(edit.apply(aNode(name).toBuilder()).build()));
    } else {
      change(ChangeSets.update(edit.apply(node.toBuilder()).build()));
    }
    return this;
  }

  public World availability(String name, NodeAvailability availability) {
    return node(
        name,
        node -> {
          node.getSpecBuilder().setAvailability(availability);
          return availability == NodeAvailability.NODE_AVAILABILITY_DRAIN
              ? node.setDrainStartedAt(Times.timestamp(now))
              : node.clearDrainStartedAt();
        });
  }

  public World drain(String name) {
    return availability(name, NodeAvailability.NODE_AVAILABILITY_DRAIN);
  }

  public World label(String name, String label, String value) {
    return node(name, node -> node.setSpec(node.getSpec().toBuilder().putLabels(label, value)));
  }

  public World nodeState(String name, NodeState state) {
    return node(
        name,
        node ->
            node.setStatus(
                node.getStatus().toBuilder().setState(state).setSince(Times.timestamp(now))));
  }

  public World removeNode(String name) {
    change(ChangeSets.remove(ObjectKind.OBJECT_KIND_NODE, name));
    return this;
  }

  public static ServiceSpec.Builder replicated(String name, long replicas) {
    return ServiceSpec.newBuilder()
        .setName(name)
        .setTaskTemplate(TaskSpec.newBuilder().setRuntime("process"))
        .setMode(
            ServiceMode.newBuilder()
                .setReplicated(ReplicatedMode.newBuilder().setReplicas(replicas)));
  }

  public World create(ServiceSpec.Builder spec) {
    var service = Service.newBuilder().setId(spec.getName()).setSpec(spec).setSpecVersion(1);
    if (Mode.of(spec.build()).isJob()) {
      Jobs.begin(service, now);
    }
    change(ChangeSets.create(service.build()));
    return this;
  }

  public Service service(String name) {
    var service = state().service(name);
    assertThat(service).as("service " + name).isNotNull();
    if (service == null) {
      throw new AssertionError();
    }
    return service;
  }

  public World scale(String name, long replicas) {
    var service = service(name).toBuilder();
    service.getSpecBuilder().getModeBuilder().getReplicatedBuilder().setReplicas(replicas);
    change(ChangeSets.update(service.build()));
    return this;
  }

  /// Updates a service as the control API does.
  public World update(String name, UnaryOperator<ServiceSpec.Builder> edit) {
    var service = service(name);
    var spec = edit.apply(service.getSpec().toBuilder()).build();
    var updated = service.toBuilder().setSpec(spec).clearUpdateStatus();
    if (!spec.getTaskTemplate().equals(service.getSpec().getTaskTemplate())
        || !spec.getEndpointSpec().equals(service.getSpec().getEndpointSpec())) {
      updated
          .setPreviousSpec(service.getSpec())
          .setPreviousSpecVersion(service.getSpecVersion())
          .addRevisions(Revisions.current(service))
          .setSpecVersion(service.getSpecVersion() + 1);
    }
    if (Mode.of(spec).isJob()) {
      Jobs.respecify(service, updated, now);
    }
    change(ChangeSets.update(updated.build()));
    return this;
  }

  /// Lets an update go on after its canaries, as the control API does.
  public World promote(String name) {
    var service = service(name).toBuilder();
    service.setPromotedVersion(service.getSpecVersion());
    service.getUpdateStatusBuilder().setState(UpdateState.UPDATE_STATE_UPDATING);
    change(ChangeSets.update(service.build()));
    return this;
  }

  /// Changes what the service's tasks run.
  public World newArgs(String name, String args) {
    return update(
        name,
        spec -> {
          spec.getTaskTemplateBuilder().getContainerSpecBuilder().clearArgs().addArgs(args);
          return spec;
        });
  }

  public World removeService(String name) {
    change(ChangeSets.update(service(name).toBuilder().setPendingDelete(true).build()));
    return this;
  }

  // ---- What a worker does

  public World report(Task task, TaskState state, String err) {
    change(
        ChangeSets.status(
            task,
            TaskStatus.newBuilder()
                .setState(state)
                .setErr(err)
                .setTimestamp(Times.timestamp(now))
                .build()));
    return this;
  }

  public World complete(Task task) {
    return report(task, TaskState.TASK_STATE_COMPLETE, "");
  }

  public World fail(Task task) {
    return report(task, TaskState.TASK_STATE_FAILED, "exit code 1");
  }

  /// Workers carry out what they were told, and planners go on from there, until nobody has
  /// anything to do at this time.
  public World work() {
    return workExcept(task -> false);
  }

  /// As [#work], but tasks that match do not get past the state they are in.
  public World workExcept(Predicate<Task> stuck) {
    for (var round = 0; round < ROUNDS_MAX; round++) {
      settle();
      var acted = false;
      for (var task : state().tasks().values()) {
        var next = next(task);
        if (next != null && !stuck.test(task)) {
          report(task, next, "");
          acted = true;
        }
      }
      if (!acted) {
        return this;
      }
    }
    throw new AssertionError("workers and planners do not come to rest: " + describe());
  }

  private @Nullable TaskState next(Task task) {
    var node = state().node(task.getNodeId());
    var status = task.getStatus().getState();
    if (node == null
        || node.getStatus().getState() != NodeState.NODE_STATE_READY
        || TaskStates.isTerminal(status)
        || TaskStates.isBefore(status, TaskState.TASK_STATE_ASSIGNED)) {
      return null;
    }
    if (!TaskStates.wantsToRun(task)) {
      return TaskState.TASK_STATE_SHUTDOWN;
    }
    return TaskStates.isBefore(status, task.getDesiredState()) ? task.getDesiredState() : null;
  }

  // ---- What the leader does

  /// Planners run until nothing is left to do at this time.
  public World settle() {
    for (var round = 0; round < ROUNDS_MAX; round++) {
      for (var event = watch.poll(); event != null; event = watch.poll()) {
        core.observe(event);
      }
      var sets = core.plan(now);
      sets.forEach(store::commit);
      if (sets.isEmpty()) {
        return this;
      }
    }
    throw new AssertionError("the planners do not come to rest: " + describe());
  }

  /// Time passes in steps to whatever the planners wait for; workers do not act.
  public World pass(Duration time) {
    settle();
    var end = now.plus(time);
    for (var wake = core.wakeAt(); wake != null && !wake.isAfter(end); wake = core.wakeAt()) {
      now = wake.isAfter(now) ? wake : now;
      settle();
    }
    now = end;
    return settle();
  }

  /// As [#pass], with workers at work all the while.
  public World passWorking(Duration time) {
    work();
    var end = now.plus(time);
    for (var wake = core.wakeAt(); wake != null && !wake.isAfter(end); wake = core.wakeAt()) {
      now = wake.isAfter(now) ? wake : now;
      work();
    }
    now = end;
    return work();
  }

  /// The clock goes on, or is put back, while nobody leads; workers do not act.
  public World elapse(Duration time) {
    now = now.plus(time);
    return this;
  }

  /// Another manager leads from here on, knowing only what is in the state.
  public World changeLeader() {
    watch.close();
    watch = store.watch();
    core = new ControlCore(Planners.create(ids), store.state());
    return this;
  }

  // ---- What is

  public List<Task> tasks(String service) {
    return List.copyOf(state().tasksOfService(service));
  }

  public List<Task> live(String service) {
    return tasks(service).stream().filter(TaskStates::isLive).toList();
  }

  public List<Task> running(String service) {
    return live(service).stream()
        .filter(task -> task.getStatus().getState() == TaskState.TASK_STATE_RUNNING)
        .toList();
  }

  public List<Task> at(String service, long specVersion) {
    return live(service).stream().filter(task -> task.getSpecVersion() == specVersion).toList();
  }

  /// The one live task of a slot.
  public Task slot(String service, int number) {
    var live = live(service).stream().filter(task -> task.getSlot() == number).toList();
    assertThat(live).as("live tasks of slot " + number + ": " + describe()).hasSize(1);
    return live.getFirst();
  }

  public Task on(String service, String node) {
    var live = live(service).stream().filter(task -> task.getNodeId().equals(node)).toList();
    assertThat(live).as("live tasks on " + node + ": " + describe()).hasSize(1);
    return live.getFirst();
  }

  public Task task(String id) {
    var task = state().task(id);
    if (task == null) {
      throw new AssertionError("no task " + id);
    }
    return task;
  }

  private String describe() {
    var text = new StringBuilder();
    for (var task : state().tasks().values()) {
      text.append(
          "%n%s.%d v%d on '%s' %s desired %s %s"
              .formatted(
                  task.getServiceId(),
                  task.getSlot(),
                  task.getSpecVersion(),
                  task.getNodeId(),
                  task.getStatus().getState(),
                  task.getDesiredState(),
                  task.getStatus().getErr()));
    }
    return text.toString();
  }
}
