package dev.skein.manager.dispatch;

import dev.skein.proto.v1.AgentHello;
import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.Endpoint;
import dev.skein.proto.v1.EndpointSpec;
import dev.skein.proto.v1.Heartbeat;
import dev.skein.proto.v1.MeshDrained;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStats;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.Object;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.PublishMode;
import dev.skein.proto.v1.RemoveChange;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskDesiredChange;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.proto.v1.TaskStatusReport;
import dev.skein.proto.v1.TaskStatusUpdate;
import dev.skein.state.IdSource;
import dev.skein.state.InMemoryStore;
import dev.skein.state.StoreException;
import dev.skein.state.Watch;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// A dispatcher's core on simulated time over a store without Raft: proposals are committed, and
/// commits fed back, as soon as they are made, unless the world is told to hold them.
final class DispatchWorld {

  static final Duration PERIOD = Duration.ofSeconds(1);
  static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  final InMemoryStore store = new InMemoryStore();
  final Map<Long, List<DispatcherMessage>> sent = new HashMap<>();
  final Map<String, NodeStats> measured = new HashMap<>();
  final List<String> wanted = new ArrayList<>();
  final Map<Long, Status> ended = new HashMap<>();
  final List<ChangeSet> proposals = new ArrayList<>();
  boolean quorum = true;
  boolean standstill;
  Instant now = START;
  private Watch watch = store.watch();
  private DispatcherCore core = begin();
  private long sessions;

  private DispatcherCore begin() {
    return new DispatcherCore("m1", new IdSource(new Random(1)), store.state(), standstill, now);
  }

  DispatcherCore core() {
    return core;
  }

  /// Another manager takes over: all sessions are gone, and nothing is remembered.
  void newLeader() {
    watch.close();
    watch = store.watch();
    sent.clear();
    core = begin();
    settle();
  }

  // ---- The cluster

  void cluster() {
    change(create(Object.newBuilder().setCluster(Cluster.newBuilder().setId("c"))));
  }

  void node(String id, NodeState state) {
    change(
        create(
            Object.newBuilder()
                .setNode(
                    Node.newBuilder()
                        .setId(id)
                        .setStatus(
                            NodeStatus.newBuilder().setState(state).setAddr(addressOf(id))))));
  }

  /// Node n7 is at 10.0.0.7.
  static String addressOf(String node) {
    return "10.0.0." + node.substring(1);
  }

  void service(String id, PortConfig... ports) {
    change(
        create(
            Object.newBuilder()
                .setService(
                    Service.newBuilder()
                        .setId(id)
                        .setSpecVersion(1)
                        .setSpec(
                            ServiceSpec.newBuilder()
                                .setName(id)
                                .setTaskTemplate(
                                    TaskSpec.newBuilder()
                                        .setRuntime("process")
                                        .setContainerSpec(
                                            ContainerSpec.newBuilder().addCommand("sleep")))
                                .setEndpointSpec(
                                    EndpointSpec.newBuilder().addAllPorts(List.of(ports))))
                        .setEndpoint(Endpoint.newBuilder().addAllPorts(List.of(ports))))));
  }

  static PortConfig ingress(int published) {
    return PortConfig.newBuilder()
        .setPublishedPort(published)
        .setTargetPort(80)
        .setPublishMode(PublishMode.PUBLISH_MODE_INGRESS)
        .build();
  }

  void task(String id, String service, String node, TaskState state) {
    change(
        create(
            Object.newBuilder()
                .setTask(
                    Task.newBuilder()
                        .setId(id)
                        .setServiceId(service)
                        .setNodeId(node)
                        .setSpecVersion(1)
                        .setStatus(TaskStatus.newBuilder().setState(state))
                        .setDesiredState(TaskState.TASK_STATE_RUNNING))));
  }

  void desire(String task, TaskState desired) {
    change(
        Change.newBuilder()
            .setTaskDesired(
                TaskDesiredChange.newBuilder().setTaskId(task).setDesiredState(desired)));
  }

  void remove(ObjectKind kind, String id) {
    change(Change.newBuilder().setRemove(RemoveChange.newBuilder().setKind(kind).setId(id)));
  }

  static Change.Builder create(Object.Builder object) {
    return Change.newBuilder().setCreate(object);
  }

  void change(Change.Builder change) {
    store.commit(ChangeSet.newBuilder().addChanges(change).build());
    settle();
  }

  Node nodeOf(String id) {
    var node = store.state().node(id);
    if (node == null) {
      throw new AssertionError("no node " + id);
    }
    return node;
  }

  NodeState stateOf(String node) {
    return nodeOf(node).getStatus().getState();
  }

  TaskState observed(String id) {
    var task = store.state().task(id);
    if (task == null) {
      throw new AssertionError("no task " + id);
    }
    return task.getStatus().getState();
  }

  // ---- The agents

  long open(String node, TaskStatusUpdate... tasks) {
    return open(node, addressOf(node), tasks);
  }

  long open(String node, String address, TaskStatusUpdate... tasks) {
    var session = ++sessions;
    sent.put(session, new ArrayList<>());
    perform(
        core.opened(
            session,
            node,
            AgentHello.newBuilder()
                .setAddr(address)
                .setDescription(NodeDescription.newBuilder().setHostname(node))
                .addAllTasks(List.of(tasks))
                .build(),
            now));
    return session;
  }

  static TaskStatusUpdate status(String task, TaskState state) {
    return TaskStatusUpdate.newBuilder()
        .setTaskId(task)
        .setStatus(TaskStatus.newBuilder().setState(state))
        .build();
  }

  void report(long session, long sequence, TaskStatusUpdate... updates) {
    receive(
        session,
        AgentMessage.newBuilder()
            .setTaskStatuses(
                TaskStatusReport.newBuilder()
                    .setSequence(sequence)
                    .addAllUpdates(List.of(updates))));
  }

  void heartbeat(long session) {
    receive(session, AgentMessage.newBuilder().setHeartbeat(Heartbeat.getDefaultInstance()));
  }

  void letGo(long session, String... tasks) {
    receive(
        session,
        AgentMessage.newBuilder()
            .setMeshDrained(MeshDrained.newBuilder().addAllTaskIds(List.of(tasks))));
  }

  void receive(long session, AgentMessage.Builder message) {
    perform(core.received(session, message.build(), now));
  }

  void closed(long session, boolean inOrder) {
    sent.remove(session);
    perform(core.closed(session, inOrder, now));
  }

  // ---- Time

  /// Lets time pass, stopping wherever the core wants to be woken; these sessions' agents report.
  void pass(Duration time, long... alive) {
    var end = now.plus(time);
    var beat = now;
    while (true) {
      var wake = core.wakeAt();
      var next = wake == null || wake.isAfter(end) ? end : wake;
      if (alive.length > 0 && beat.plus(PERIOD).isBefore(next)) {
        beat = beat.plus(PERIOD);
        now = beat;
        for (var session : alive) {
          heartbeat(session);
        }
        continue;
      }
      now = next.isBefore(now) ? now : next;
      perform(core.tick(now));
      if (!now.isBefore(end)) {
        return;
      }
    }
  }

  /// Lets time pass without the core being woken, as for a stopped process.
  void sleep(Duration time) {
    now = now.plus(time);
    perform(core.tick(now));
  }

  // ---- Effects

  private void perform(List<DispatchEffect> effects) {
    for (var effect : effects) {
      switch (effect) {
        case DispatchEffect.Send(var session, var message) -> {
          var messages = sent.get(session);
          if (messages != null) {
            messages.add(message);
          }
        }
        case DispatchEffect.End(var session, var code, var reason) -> {
          sent.remove(session);
          ended.put(session, code.toStatus().withDescription(reason));
        }
        case DispatchEffect.Measured(var nodeId, var stats) -> measured.put(nodeId, stats);
        case DispatchEffect.Wanted(var services) -> wanted.addAll(services);
        case DispatchEffect.Propose(var number, var set) -> {
          proposals.add(set);
          var outcome = propose(set);
          feed();
          perform(core.proposed(number, outcome, now));
        }
      }
    }
    feed();
  }

  private ProposalOutcome propose(ChangeSet set) {
    if (!quorum) {
      return new ProposalOutcome.Unavailable("no quorum");
    }
    try {
      return new ProposalOutcome.Committed(store.commit(set).index());
    } catch (StoreException e) {
      return new ProposalOutcome.Conflicting(String.valueOf(e.getMessage()));
    }
  }

  private void feed() {
    for (var event = watch.poll(); event != null; event = watch.poll()) {
      perform(core.changed(event, now));
    }
  }

  private void settle() {
    feed();
    pass(Duration.ofMillis(5));
  }

  // ---- What agents were told

  List<DispatcherMessage> sentTo(long session) {
    return sent.getOrDefault(session, List.of());
  }

  /// Forgets what was sent so far.
  void forgetSent() {
    sent.values().forEach(List::clear);
  }

  List<AssignedTask> assignedTo(long session) {
    return sentTo(session).stream()
        .filter(DispatcherMessage::hasAssignments)
        .flatMap(message -> message.getAssignments().getUpdatedList().stream())
        .toList();
  }

  List<String> removedFrom(long session) {
    return sentTo(session).stream()
        .filter(DispatcherMessage::hasAssignments)
        .flatMap(message -> message.getAssignments().getRemovedList().stream())
        .toList();
  }

  List<String> drainedTo(long session) {
    return sentTo(session).stream()
        .filter(DispatcherMessage::hasDrained)
        .flatMap(message -> message.getDrained().getTaskIdsList().stream())
        .toList();
  }

  List<Long> acksTo(long session) {
    return sentTo(session).stream()
        .filter(DispatcherMessage::hasStatusAck)
        .map(message -> message.getStatusAck().getSequence())
        .toList();
  }
}
