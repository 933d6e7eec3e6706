package dev.skein.bench.swarm;

import com.sun.management.OperatingSystemMXBean;
import dev.skein.bench.RealTime;
import dev.skein.manager.auth.Caller;
import dev.skein.manager.dispatch.DispatcherService;
import dev.skein.manager.dispatch.log.LogBroker;
import dev.skein.manager.stats.ClusterStats;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.Object;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSpec;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import dev.skein.state.IdSource;
import dev.skein.state.InMemoryStore;
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
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/// The dispatcher alone: tasks onto workers over gRPC on the loopback, each worker with its own
/// connection, from the commit that assigns them to the commit that has them all RUNNING. Managers
/// and workers share the process and its processors, and the store is without Raft and TLS, so
/// this is the protocol's own cost.
///
/// Arguments: workers (1,000) and tasks (10,000).
@RealTime
public final class DispatchBench {

  private static final Metadata.Key<String> NODE =
      Metadata.Key.of("bench-node", Metadata.ASCII_STRING_MARSHALLER);
  private static final int TASKS_PER_SET = 1_000;
  private static final int ROUNDS = 5;

  private DispatchBench() {}

  public static void main(String[] args) throws Exception {
    var workers = args.length > 0 ? Integer.parseInt(args[0]) : 1_000;
    var tasks = args.length > 1 ? Integer.parseInt(args[1]) : 10_000;
    var clock = InstantSource.system();
    var random = new Random(1);
    var store = new InMemoryStore();
    commit(store, object(Object.newBuilder().setCluster(Cluster.newBuilder().setId("c"))));
    commit(store, object(Object.newBuilder().setService(service())));
    var nodes = IntStream.range(0, workers).mapToObj(i -> "node%05d".formatted(i)).toList();
    for (var id : nodes) {
      commit(store, object(Object.newBuilder().setNode(Node.newBuilder().setId(id))));
    }
    var ids = new IdSource(random);
    var dispatcher =
        new DispatcherService(
            "leader",
            store,
            ids,
            clock,
            () -> null,
            new LogBroker(ids, clock),
            new ClusterStats(clock));
    var calls = Executors.newVirtualThreadPerTaskExecutor();
    var server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .executor(calls)
            .addService(dispatcher)
            .intercept(new KnowsCaller())
            .build()
            .start();
    dispatcher.begin();
    var channels = new ArrayList<ManagedChannel>();
    var address = "127.0.0.1:" + server.getPort();
    var connecting = System.nanoTime();
    try (var simulated =
        new SimulatedWorkers(
            nodes,
            List.of(address),
            id -> {
              var channel =
                  NettyChannelBuilder.forTarget(address).usePlaintext().executor(calls).build();
              channels.add(channel);
              var asNode = ClientInterceptors.intercept(channel, new SaysCaller(id));
              return ignored -> asNode;
            },
            clock,
            System::nanoTime,
            random)) {
      await(
          () ->
              store.state().nodes().values().stream()
                  .allMatch(node -> node.getStatus().getState() == NodeState.NODE_STATE_READY));
      IO.println(
          "%d workers connected and READY after %.0f ms"
              .formatted(simulated.connected(), milliseconds(connecting)));
      for (var round = 1; round <= ROUNDS; round++) {
        var began = System.nanoTime();
        var busy = cpuNanos();
        assign(store, nodes, round, tasks);
        var assigned = milliseconds(began);
        var before = (round - 1) * tasks;
        await(() -> running(store) == before + tasks);
        var millis = milliseconds(began);
        IO.println(
            ("round %d: %d tasks committed after %.0f ms, all RUNNING after %.0f ms: %.0f tasks/s,"
                    + " %.0f µs of processor time per task, managers and workers together")
                .formatted(
                    round,
                    tasks,
                    assigned,
                    millis,
                    tasks / millis * 1_000,
                    (cpuNanos() - busy) / 1e3 / tasks));
      }
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
      dispatcher.end();
      server.shutdownNow();
      calls.shutdownNow();
    }
  }

  private static double milliseconds(long since) {
    return (System.nanoTime() - since) / 1e6;
  }

  private static long cpuNanos() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }

  private static long running(InMemoryStore store) {
    return store.state().tasks().values().stream()
        .filter(task -> task.getStatus().getState() == TaskState.TASK_STATE_RUNNING)
        .count();
  }

  private static void assign(InMemoryStore store, List<String> nodes, int round, int tasks) {
    for (var from = 0; from < tasks; from += TASKS_PER_SET) {
      var set = ChangeSet.newBuilder();
      for (var i = from; i < Math.min(tasks, from + TASKS_PER_SET); i++) {
        set.addChanges(
            object(
                Object.newBuilder()
                    .setTask(
                        Task.newBuilder()
                            .setId("r%dtask%08d".formatted(round, i))
                            .setServiceId("service")
                            .setNodeId(nodes.get(i % nodes.size()))
                            .setSlot(i + 1)
                            .setSpecVersion(1)
                            .setStatus(
                                TaskStatus.newBuilder().setState(TaskState.TASK_STATE_ASSIGNED))
                            .setDesiredState(TaskState.TASK_STATE_RUNNING))));
      }
      store.commit(set.build());
    }
  }

  private static Service service() {
    return Service.newBuilder()
        .setId("service")
        .setSpecVersion(1)
        .setSpec(
            ServiceSpec.newBuilder()
                .setName("service")
                .setTaskTemplate(
                    TaskSpec.newBuilder()
                        .setRuntime("process")
                        .setContainerSpec(
                            ContainerSpec.newBuilder().addCommand("sleep").addArgs("3600"))))
        .build();
  }

  private static Change object(Object.Builder created) {
    return Change.newBuilder().setCreate(created).build();
  }

  private static void commit(InMemoryStore store, Change change) {
    store.commit(ChangeSet.newBuilder().addChanges(change).build());
  }

  private static void await(BooleanSupplier condition) {
    var end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("not reached within two minutes");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  /// Takes the caller's word for who it is, where a node has a certificate.
  private static final class KnowsCaller implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      var caller = new Caller(String.valueOf(headers.get(NODE)), NodeRole.NODE_ROLE_WORKER);
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
}
