package dev.skein.bench.assign;

import dev.skein.bench.RealTime;
import dev.skein.cli.daemon.identity.Enrolment;
import dev.skein.cli.daemon.identity.NodeTls;
import dev.skein.manager.ca.JoinToken;
import dev.skein.manager.rpc.ManagerChannels;
import dev.skein.proto.v1.IssueCertificateRequest;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.PortConfig;
import dev.skein.worker.NodeDescriber;
import dev.skein.worker.agent.Agent;
import dev.skein.worker.agent.AgentConfig;
import dev.skein.worker.agent.AgentListener;
import dev.skein.worker.agent.Journal;
import dev.skein.worker.agent.TaskPorts;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// A worker whose agent, certificate and connection are real and whose tasks are not.
@RealTime
final class SimulatedWorker implements AutoCloseable {
  private static final InstantSource CLOCK = InstantSource.system();

  private final ManagerChannels channels;
  private final Agent agent;

  private SimulatedWorker(ManagerChannels channels, Agent agent) {
    this.channels = channels;
    this.agent = agent;
  }

  /// Joins the cluster and connects.
  static SimulatedWorker join(int number, String manager, JoinToken token) throws IOException {
    var hostname = "simulated-" + number;
    var address = "127.89.%d.%d".formatted(number / 250, 1 + number % 250);
    var identity =
        Enrolment.join(
            manager,
            token,
            IssueCertificateRequest.newBuilder()
                .setAvailability(NodeAvailability.NODE_AVAILABILITY_ACTIVE)
                .setHostname(hostname)
                .setAddr(address)
                .build());
    var channels = new ManagerChannels(new NodeTls(identity, CLOCK).channelCredentials());
    var runtime = new SimulatedRuntime(CLOCK);
    var agent =
        new Agent(
            new AgentConfig(
                identity.subject().nodeId(),
                address,
                List.of(manager),
                CLOCK,
                System::nanoTime,
                new Random(number),
                Thread.ofVirtual().factory()),
            channels::to,
            Map.of(runtime.name(), runtime),
            new NoPorts(),
            services -> {},
            Journal.none(),
            new NodeDescriber("bench", hostname, Map.of(), List.of(), List.of(runtime)).describe(),
            AgentListener.NONE);
    agent.start();
    return new SimulatedWorker(channels, agent);
  }

  boolean isConnected() {
    return agent.isConnected();
  }

  /// Tasks that it was given.
  int tasks() {
    return agent.tasks().size();
  }

  @Override
  public void close() {
    agent.close();
    channels.close();
  }

  /// The tasks publish nothing.
  private static final class NoPorts implements TaskPorts {
    @Override
    public Given attach(String taskId, List<PortConfig> wanted) {
      return new Given(List.of(), Map.of());
    }

    @Override
    public void adopt(String taskId, List<PortConfig> ports) {}

    @Override
    public void detach(String taskId) {}
  }
}
