package dev.skein.bench.swarm;

import dev.skein.proto.v1.Capability;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.Platform;
import dev.skein.proto.v1.PortConfig;
import dev.skein.proto.v1.Resources;
import dev.skein.worker.agent.Agent;
import dev.skein.worker.agent.AgentConfig;
import dev.skein.worker.agent.AgentListener;
import dev.skein.worker.agent.Journal;
import dev.skein.worker.agent.ManagerConnector;
import dev.skein.worker.agent.SimulatedRuntime;
import dev.skein.worker.agent.TaskPorts;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/// Workers that speak the real protocol and whose tasks do nothing: real agents, each with its own
/// connection, over a runtime that starts everything at once.
public final class SimulatedWorkers implements AutoCloseable {

  private static final long NANO_CPUS = 64_000_000_000L;
  private static final long MEMORY_BYTES = 256L << 30;

  private final List<Agent> agents = new ArrayList<>();

  /// Starts an agent for each node.
  ///
  /// @param nodeIds nodes that are members of the swarm already
  /// @param managers `host:port` of managers
  /// @param connectors connects to managers as a node
  public SimulatedWorkers(
      List<String> nodeIds,
      List<String> managers,
      Function<String, ManagerConnector> connectors,
      InstantSource clock,
      LongSupplier nanoTime,
      RandomGenerator random)
      throws IOException {
    for (var id : nodeIds) {
      var runtime = new SimulatedRuntime();
      var agent =
          new Agent(
              new AgentConfig(
                  id, "127.0.0.1", managers, clock, nanoTime, random, Thread.ofVirtual().factory()),
              connectors.apply(id),
              Map.of(runtime.name(), runtime),
              new NumberedPorts(),
              table -> {},
              Journal.none(),
              describe(id, runtime.name()),
              AgentListener.NONE);
      agents.add(agent);
      agent.start();
    }
  }

  private static NodeDescription describe(String id, String runtime) {
    return NodeDescription.newBuilder()
        .setHostname(id)
        .setPlatform(Platform.newBuilder().setArchitecture("x86_64").setOs("linux"))
        .setResources(Resources.newBuilder().setNanoCpus(NANO_CPUS).setMemoryBytes(MEMORY_BYTES))
        .addCapabilities(Capability.newBuilder().setName(runtime).setAvailable(true))
        .build();
  }

  /// Workers whose session a manager keeps now.
  public long connected() {
    return agents.stream().filter(Agent::isConnected).count();
  }

  @Override
  public void close() {
    agents.forEach(Agent::close);
  }

  /// Gives tasks ports that nobody listens on.
  private static final class NumberedPorts implements TaskPorts {
    private final AtomicInteger next = new AtomicInteger(20_000);

    @Override
    public Given attach(String taskId, List<PortConfig> wanted) {
      return new Given(
          wanted.stream()
              .map(port -> port.toBuilder().setPublishedPort(next.incrementAndGet()).build())
              .toList(),
          Map.of());
    }

    @Override
    public void adopt(String taskId, List<PortConfig> ports) {}

    @Override
    public void detach(String taskId) {}
  }
}
