package dev.skein.api;

import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.JoinTokens;
import dev.skein.proto.v1.ManagerStatus;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.NodeState;
import dev.skein.proto.v1.NodeStatus;
import dev.skein.proto.v1.Reachability;
import dev.skein.proto.v1.Version;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Random;
import java.util.function.UnaryOperator;

/// A real API server on a real socket before a control API that is held in memory.
final class ApiFixture implements AutoCloseable {
  /// Small, so that tests can reach them.
  static final ApiLimits LIMITS =
      new ApiLimits(
          64 << 10,
          128 << 10,
          8,
          Duration.ofSeconds(10),
          Duration.ofSeconds(1),
          Duration.ofSeconds(30),
          Duration.ofSeconds(2));

  final Path directory;
  final Path socket;
  /// Only where the fixture was made without another.
  final FakeControl control;
  final FakeNode node = new FakeNode();
  final ApiServer api;
  private final Server controlServer;
  private final ManagedChannel channel;

  private ApiFixture(BindableService served, ApiLimits limits, UnaryOperator<ApiConfig> configure)
      throws IOException {
    control = served instanceof FakeControl fake ? fake : new FakeControl();
    directory = Files.createTempDirectory("skein-api");
    socket = directory.resolve("run").resolve("x.sock");
    var name = directory.toString();
    controlServer = InProcessServerBuilder.forName(name).addService(served).build().start();
    channel = InProcessChannelBuilder.forName(name).build();
    var config = configure.apply(ApiConfig.of(socket, directory, "0.1.0").withLimits(limits));
    try {
      api = new ApiServer(config, channel, node, InstantSource.system(), new Random(7));
    } catch (IOException e) {
      cleanUp();
      throw e;
    }
  }

  /// A manager with one node in its swarm.
  static ApiFixture manager() throws IOException {
    return manager(LIMITS);
  }

  static ApiFixture manager(ApiLimits limits) throws IOException {
    var fixture = inactive(limits);
    fixture.seed();
    return fixture;
  }

  static ApiFixture inactive(ApiLimits limits) throws IOException {
    return new ApiFixture(new FakeControl(), limits, config -> config);
  }

  /// Before another control API than the fake; its node is in no swarm yet.
  static ApiFixture over(BindableService control) throws IOException {
    return new ApiFixture(control, LIMITS, config -> config);
  }

  static ApiFixture withTls(ApiConfig.Tls tls) throws IOException {
    var fixture = new ApiFixture(new FakeControl(), LIMITS, config -> config.withTls(tls));
    fixture.seed();
    return fixture;
  }

  void seed() {
    node.becomeManager();
    control.nodes.put(
        FakeNode.ID,
        Node.newBuilder()
            .setId(FakeNode.ID)
            .setVersion(Version.newBuilder().setIndex(5))
            .setSpec(
                NodeSpec.newBuilder()
                    .setRole(NodeRole.NODE_ROLE_MANAGER)
                    .setAvailability(NodeAvailability.NODE_AVAILABILITY_ACTIVE))
            .setDescription(node.description())
            .setStatus(NodeStatus.newBuilder().setState(NodeState.NODE_STATE_READY))
            .setManagerStatus(
                ManagerStatus.newBuilder()
                    .setLeader(true)
                    .setReachability(Reachability.REACHABILITY_REACHABLE)
                    .setAddr("127.0.0.1:2377"))
            .build());
    control.cluster =
        Cluster.newBuilder()
            .setId("clusterxxxxxxxxxxxxxxxxxx")
            .setVersion(Version.newBuilder().setIndex(3))
            .setJoinTokens(
                JoinTokens.newBuilder()
                    .setWorker("SWMTKN-1-digest-worker")
                    .setManager("SWMTKN-1-digest-manager"))
            .build();
  }

  HttpClientSocket connect() throws IOException {
    return HttpClientSocket.unix(socket);
  }

  @Override
  public void close() throws IOException {
    api.close();
    cleanUp();
  }

  private void cleanUp() throws IOException {
    channel.shutdownNow();
    controlServer.shutdownNow();
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
