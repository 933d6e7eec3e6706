package dev.skein.worker;

import dev.skein.mesh.IngressMesh;
import dev.skein.mesh.MeshConfig;
import dev.skein.mesh.MeshStats;
import dev.skein.mesh.MeshStatus;
import dev.skein.net.HostTaskNetwork;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.worker.agent.Agent;
import dev.skein.worker.agent.AgentConfig;
import dev.skein.worker.agent.AgentListener;
import dev.skein.worker.agent.FileJournal;
import dev.skein.worker.agent.ManagerConnector;
import dev.skein.worker.agent.MeshDriver;
import dev.skein.worker.agent.NetworkPorts;
import dev.skein.worker.agent.WorkerTask;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.process.ProcessRuntime;
import dev.skein.worker.runtime.process.ProcessRuntimeConfig;
import dev.skein.worker.stats.StatsSampler;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/// A worker: the agent with the node's runtime, network and mesh.
///
/// Closing it leaves the tasks running, and the next worker on the same directory takes them over.
/// Thread-safe.
public final class WorkerNode implements AutoCloseable {

  /// How often the node looks at what it is: processors and memory may be changed while it runs.
  static final Duration DESCRIBE_PERIOD = Duration.ofSeconds(30);

  private final TaskRuntime runtime;
  private final IngressMesh mesh;
  private final NodeDescriber describer;
  private final Agent agent;
  private final ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();
  private final Thread watcher;
  private final Thread meter;
  private volatile boolean closed;

  /// Takes over what an earlier worker left; [#start] begins to act.
  ///
  /// @throws IOException if the directory can't be used, or the system lacks what the runtime
  ///     needs
  public WorkerNode(WorkerConfig config, ManagerConnector connector, AgentListener listener)
      throws IOException {
    runtime =
        ProcessRuntime.open(
            ProcessRuntimeConfig.of(config.directory().resolve("process"), config.daemonId())
                .withPrograms(config.programs()),
            config.clock());
    mesh = new IngressMesh(MeshConfig.defaults(config.address()), config.nanoTime());
    var runtimes = Map.of(runtime.name(), runtime);
    describer =
        new NodeDescriber(
            config.version(),
            config.hostname(),
            config.labels(),
            config.genericResources(),
            runtimes.values());
    try {
      var driver = new MeshDriver(mesh::apply, blocking, this::meshLetGo);
      var address = config.address().getHostAddress();
      agent =
          new Agent(
              new AgentConfig(
                  config.nodeId(),
                  address,
                  config.managers(),
                  config.clock(),
                  config.nanoTime(),
                  config.random(),
                  Thread.ofPlatform().name("agent-", 0).factory()),
              connector,
              runtimes,
              new NetworkPorts(
                  new HostTaskNetwork(config.address(), config.random(), driver::isPublished),
                  address),
              driver,
              FileJournal.open(config.directory().resolve("journal")),
              describer.describe(),
              listener);
    } catch (IOException | RuntimeException e) {
      mesh.close();
      runtime.close();
      throw e;
    }
    mesh.onDrained(this::meshLetGo);
    mesh.onWaiting(this::meshWaits);
    meter =
        Thread.ofVirtual()
            .name("node-stats")
            .unstarted(() -> measure(new StatsSampler(config.nanoTime())));
    watcher = Thread.ofVirtual().name("node-description").unstarted(this::watchDescription);
  }

  private void meshLetGo(String taskId) {
    agent.meshLetGo(taskId);
  }

  private void meshWaits(String serviceId) {
    agent.meshWaits(serviceId);
  }

  /// Connects to the managers and begins to run tasks.
  public void start() {
    agent.start();
    watcher.start();
    meter.start();
  }

  private void measure(StatsSampler sampler) {
    while (!closed) {
      LockSupport.parkNanos(sampler.pauseNanos());
      if (!closed) {
        agent.measured(sampler.sample(agent.tasks(), runtime::usage, mesh.stats()));
      }
    }
  }

  private void watchDescription() {
    while (!closed) {
      LockSupport.parkNanos(DESCRIBE_PERIOD.toNanos());
      if (!closed) {
        agent.describe(describer.describe());
      }
    }
  }

  /// What this node is, as told to the managers.
  public NodeDescription description() {
    return describer.describe();
  }

  /// Whether a manager keeps this node's session now.
  public boolean isConnected() {
    return agent.isConnected();
  }

  /// The managers' addresses as known now, the leader first.
  public CompletableFuture<List<String>> managers() {
    return agent.managers();
  }

  /// The node's tasks by id.
  public Map<String, WorkerTask> tasks() {
    return agent.tasks();
  }

  /// The ports that the mesh serves here.
  public MeshStatus meshStatus() {
    return mesh.status();
  }

  /// What went through the mesh here.
  public MeshStats meshStats() {
    return mesh.stats();
  }

  /// Stops every task because the node leaves the cluster. Bound the wait: the managers may be out
  /// of reach.
  public CompletableFuture<Void> stopAllTasks() {
    return agent.stopAllTasks();
  }

  /// Ends the session in order and stops the mesh. Tasks run on.
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(watcher);
    LockSupport.unpark(meter);
    agent.close();
    mesh.close();
    runtime.close();
    blocking.shutdown();
  }
}
