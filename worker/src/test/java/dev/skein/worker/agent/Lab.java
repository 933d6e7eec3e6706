package dev.skein.worker.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.skein.manager.auth.Caller;
import dev.skein.manager.dispatch.DispatcherService;
import dev.skein.manager.dispatch.log.LogBroker;
import dev.skein.manager.stats.ClusterStats;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.DispatcherConfig;
import dev.skein.proto.v1.Endpoint;
import dev.skein.proto.v1.EndpointSpec;
import dev.skein.proto.v1.ManagerStatus;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeState;
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
import dev.skein.state.IdSource;
import dev.skein.state.InMemoryStore;
import dev.skein.worker.runtime.TaskRuntime;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Managers and agents of one swarm in one process: the real services, cores and gRPC, over
/// in-process transports and a store without Raft. Nothing but the store is shared.
final class Lab implements AutoCloseable {

  private static final java.time.Duration PATIENCE = java.time.Duration.ofSeconds(20);
  private static final Metadata.Key<String> NODE =
      Metadata.Key.of("test-node", Metadata.ASCII_STRING_MARSHALLER);
  private static final AtomicLong LABS = new AtomicLong();

  final InMemoryStore store = new InMemoryStore();
  private final String name = "lab-" + LABS.incrementAndGet() + "-";
  private final Map<String, TestManager> managers = new HashMap<>();
  private final List<Worker> workers = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final InstantSource clock = InstantSource.system();
  private @Nullable String leader;

  Lab() {
    this(java.time.Duration.ofMillis(200));
  }

  /// @param heartbeat the heartbeat's period
  Lab(java.time.Duration heartbeat) {
    change(
        create(
            Object.newBuilder()
                .setCluster(
                    Cluster.newBuilder()
                        .setId("cluster")
                        .setSpec(
                            ClusterSpec.newBuilder()
                                .setName("default")
                                .setDispatcher(
                                    DispatcherConfig.newBuilder()
                                        .setHeartbeatPeriod(
                                            Duration.newBuilder()
                                                .setNanos((int) heartbeat.toNanos())))))));
  }

  /// One manager of the lab.
  final class TestManager {
    final String address;
    final DispatcherService dispatcher;
    final LogBroker logs;
    private final Server server;

    private TestManager(String id) throws IOException {
      address = name + id;
      var ids = new IdSource(new Random(7));
      logs = new LogBroker(ids, clock);
      dispatcher =
          new DispatcherService(
              id,
              store,
              ids,
              clock,
              () -> leaderAddress(id),
              logs,
              new ClusterStats(clock),
              () -> false);
      server =
          InProcessServerBuilder.forName(address)
              .executor(calls)
              .addService(dispatcher)
              .intercept(new KnowsCaller())
              .build()
              .start();
    }

    /// Vanishes without a word, as a killed process does.
    void kill() {
      server.shutdownNow();
      dispatcher.end();
    }
  }

  private @Nullable String leaderAddress(String self) {
    var leads = leader;
    return leads == null || leads.equals(self) ? null : name + leads;
  }

  /// Adds a manager that does not lead.
  TestManager manager(String id) throws IOException {
    node(id, NodeRole.NODE_ROLE_MANAGER);
    var manager = new TestManager(id);
    managers.put(id, manager);
    return manager;
  }

  /// Makes a manager the leader, in place of the one before.
  TestManager lead(String id) {
    var before = leader;
    leader = id;
    if (before != null) {
      manager0(before).dispatcher.end();
    }
    manager0(id).dispatcher.begin();
    return manager0(id);
  }

  /// Takes the leadership away from everyone.
  void leaderless() {
    var before = leader;
    leader = null;
    if (before != null) {
      manager0(before).dispatcher.end();
    }
  }

  private TestManager manager0(String id) {
    var manager = managers.get(id);
    if (manager == null) {
      throw new AssertionError("no manager " + id);
    }
    return manager;
  }

  /// One worker of the lab.
  final class Worker implements AutoCloseable {
    final String id;
    final TaskRuntime runtime;
    final Journal journal;
    final Agent agent;
    final List<Status> refusals = new CopyOnWriteArrayList<>();
    final List<Node> nodes = new CopyOnWriteArrayList<>();
    volatile List<MeshService> mesh = List.of();
    volatile Consumer<List<MeshService>> onMesh = ignored -> {};
    private final Map<String, ManagedChannel> channels = new HashMap<>();
    private boolean killed;
    private boolean closed;

    private Worker(String id, TaskRuntime runtime, Journal journal, String... known)
        throws IOException {
      this.id = id;
      this.runtime = runtime;
      this.journal = journal;
      agent =
          new Agent(
              new AgentConfig(
                  id,
                  "127.0.0.1",
                  List.of(known).stream().map(each -> name + each).toList(),
                  clock,
                  System::nanoTime,
                  new Random(11),
                  Thread.ofVirtual().factory()),
              this::channel,
              Map.of(runtime.name(), runtime),
              new SimulatedPorts(),
              table -> {
                mesh = table;
                onMesh.accept(table);
              },
              journal,
              NodeDescription.newBuilder().setHostname(id).build(),
              new AgentListener() {
                @Override
                public void managersChanged(dev.skein.proto.v1.ManagerList managers) {}

                @Override
                public void nodeChanged(Node node) {
                  nodes.add(node);
                }

                @Override
                public void refused(Status status) {
                  refusals.add(status);
                }
              });
      agent.start();
    }

    private synchronized Channel channel(String address) {
      if (killed) {
        address = "nowhere";
      }
      var channel =
          channels.computeIfAbsent(
              address, each -> InProcessChannelBuilder.forName(each).executor(calls).build());
      return ClientInterceptors.intercept(channel, new SaysCaller(id));
    }

    /// The observed state of a task here, or null.
    @Nullable TaskState stateOf(String taskId) {
      var task = agent.tasks().get(taskId);
      return task == null ? null : task.state();
    }

    /// Breaks its connections, as the kernel does for a killed process.
    synchronized void cut() {
      channels.values().forEach(ManagedChannel::shutdownNow);
      channels.clear();
    }

    /// Ends it as SIGKILL does, as far as others can see: nobody says goodbye.
    void kill() {
      synchronized (this) {
        killed = true;
      }
      cut();
      close();
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        agent.close();
        cut();
      }
    }
  }

  /// Adds a node of the swarm.
  void node(String id, NodeRole role) {
    var node = Node.newBuilder().setId(id).setRole(role);
    if (role == NodeRole.NODE_ROLE_MANAGER) {
      node.setManagerStatus(ManagerStatus.newBuilder().setAddr(name + id));
    }
    change(create(Object.newBuilder().setNode(node)));
  }

  /// Starts a node's agent that knows these managers.
  Worker worker(String id, String... known) throws IOException {
    if (store.state().node(id) == null) {
      node(id, NodeRole.NODE_ROLE_WORKER);
    }
    return worker(id, new SimulatedRuntime(), Journal.none(), known);
  }

  Worker worker(String id, TaskRuntime runtime, Journal journal, String... known)
      throws IOException {
    var worker = new Worker(id, runtime, journal, known);
    workers.add(worker);
    return worker;
  }

  /// A channel to the leader as this node.
  Channel channel(String manager, String asNode) {
    var channel = InProcessChannelBuilder.forName(name + manager).executor(calls).build();
    channels.add(channel);
    return ClientInterceptors.intercept(channel, new SaysCaller(asNode));
  }

  // ---- The cluster's state

  /// Adds a service; `ports` are published through the mesh.
  Service service(String id, List<String> command, PortConfig... ports) {
    var template =
        TaskSpec.newBuilder()
            .setRuntime("process")
            .setContainerSpec(
                ContainerSpec.newBuilder()
                    .addAllCommand(command)
                    .setStopGracePeriod(Duration.newBuilder().setSeconds(5)));
    var service =
        Service.newBuilder()
            .setId(id)
            .setSpecVersion(1)
            .setSpec(
                ServiceSpec.newBuilder()
                    .setName(id + "-name")
                    .setTaskTemplate(template)
                    .setEndpointSpec(EndpointSpec.newBuilder().addAllPorts(List.of(ports))))
            .setEndpoint(Endpoint.newBuilder().addAllPorts(List.of(ports)))
            .build();
    change(create(Object.newBuilder().setService(service)));
    return service;
  }

  static PortConfig ingress(int published, int target) {
    return PortConfig.newBuilder()
        .setPublishedPort(published)
        .setTargetPort(target)
        .setPublishMode(PublishMode.PUBLISH_MODE_INGRESS)
        .build();
  }

  /// Assigns a new task of a service to a node.
  void task(String id, String serviceId, String nodeId) {
    change(
        create(
            Object.newBuilder()
                .setTask(
                    Task.newBuilder()
                        .setId(id)
                        .setServiceId(serviceId)
                        .setNodeId(nodeId)
                        .setSlot(1)
                        .setSpecVersion(1)
                        .setStatus(TaskStatus.newBuilder().setState(TaskState.TASK_STATE_ASSIGNED))
                        .setDesiredState(TaskState.TASK_STATE_RUNNING))));
  }

  void desire(String taskId, TaskState desired) {
    change(
        Change.newBuilder()
            .setTaskDesired(
                TaskDesiredChange.newBuilder().setTaskId(taskId).setDesiredState(desired)));
  }

  void remove(ObjectKind kind, String id) {
    change(Change.newBuilder().setRemove(RemoveChange.newBuilder().setKind(kind).setId(id)));
  }

  private static Change.Builder create(Object.Builder object) {
    return Change.newBuilder().setCreate(object);
  }

  void change(Change.Builder... changes) {
    var set = ChangeSet.newBuilder();
    for (var change : changes) {
      set.addChanges(change);
    }
    store.commit(set.build());
  }

  Task taskOf(String id) {
    var task = store.state().task(id);
    if (task == null) {
      throw new AssertionError("no task " + id);
    }
    return task;
  }

  Node nodeOf(String id) {
    var node = store.state().node(id);
    if (node == null) {
      throw new AssertionError("no node " + id);
    }
    return node;
  }

  /// The state of a task as the managers know it.
  TaskState observed(String taskId) {
    var task = store.state().task(taskId);
    return task == null ? TaskState.UNRECOGNIZED : task.getStatus().getState();
  }

  NodeState stateOf(String nodeId) {
    var node = store.state().node(nodeId);
    return node == null ? NodeState.UNRECOGNIZED : node.getStatus().getState();
  }

  // ---- Waiting

  void awaitObserved(String taskId, TaskState state) {
    await(taskId + " is " + state, () -> observed(taskId) == state);
  }

  void awaitNode(String nodeId, NodeState state) {
    await(nodeId + " is " + state, () -> stateOf(nodeId) == state);
  }

  /// Waits for a condition, within a bound.
  void await(String what, BooleanSupplier condition) {
    var end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).as(what).isBefore(end);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
  }

  @Override
  public void close() {
    workers.forEach(Worker::close);
    channels.forEach(ManagedChannel::shutdownNow);
    managers.values().forEach(TestManager::kill);
    calls.shutdownNow();
  }

  /// Takes the caller's word for who it is, where a node has a certificate.
  private static final class KnowsCaller implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      var node = headers.get(NODE);
      var caller = node == null ? Caller.ANONYMOUS : new Caller(node, NodeRole.NODE_ROLE_WORKER);
      return Contexts.interceptCall(
          Context.current().withValue(Caller.KEY, caller), call, headers, next);
    }
  }

  private record SaysCaller(String node) implements ClientInterceptor {
    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(
        MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
      return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<R> responses, Metadata headers) {
          headers.put(NODE, node);
          super.start(responses, headers);
        }
      };
    }
  }

  /// Gives tasks ports that nobody listens on.
  private static final class SimulatedPorts implements TaskPorts {
    private final AtomicLong next = new AtomicLong(20_000);

    @Override
    public Given attach(String taskId, List<PortConfig> wanted) {
      var given =
          wanted.stream()
              .map(port -> port.toBuilder().setPublishedPort((int) next.incrementAndGet()).build())
              .toList();
      return new Given(given, Map.of("PORT", "20001"));
    }

    @Override
    public void adopt(String taskId, List<PortConfig> ports) {}

    @Override
    public void detach(String taskId) {}
  }
}
