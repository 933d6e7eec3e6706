package dev.skein.worker.agent;

import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.Heartbeat;
import dev.skein.proto.v1.ManagerList;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeStats;
import dev.skein.worker.runtime.TaskRuntime;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A node's agent: keeps a session with the leader and does what the core decides.
///
/// One thread owns the core and takes every event in turn; tasks' operations, log reading and file
/// writing run on virtual threads; heartbeats have a thread of their own, so that nothing a task
/// does ever looks like the node's death. Closing the agent leaves its tasks running.
public final class Agent implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
  private static final int BATCH = 256;
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);
  private static final Duration PERIOD_UNKNOWN = Duration.ofSeconds(1);

  private final AgentConfig config;
  private final ManagerConnector connector;
  private final Journal journal;
  private final Consumer<List<MeshService>> mesh;
  private final AgentListener listener;
  private final ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();
  private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
  private final List<AgentEvent> events = new ArrayList<>();
  // What the core knows, for threads other than its own.
  private final Map<String, WorkerTask> tasks = new ConcurrentHashMap<>();
  private final TaskRunner runner;
  private final LogPublisher logs;
  private final ManagerFinder finder;
  private final AgentCore core;
  private final Thread loop;
  private final Thread heart;
  private final CompletableFuture<Void> quiet = new CompletableFuture<>();
  private NodeDescription description;
  private Instant connectAt;
  private boolean stopping;
  private volatile @Nullable ManagerSession session;
  private volatile @Nullable Duration period;
  private volatile boolean closed;

  /// Reads the journal and takes over what runs on the node already; nothing is sent yet.
  ///
  /// @param runtimes the node's runtimes by name
  /// @param mesh makes a table the routing mesh's; called on the agent's thread, so must not block
  /// @throws IOException if the runtime can't tell what runs
  public Agent(
      AgentConfig config,
      ManagerConnector connector,
      Map<String, TaskRuntime> runtimes,
      TaskPorts ports,
      Consumer<List<MeshService>> mesh,
      Journal journal,
      NodeDescription description,
      AgentListener listener)
      throws IOException {
    this.config = config;
    this.connector = connector;
    this.journal = journal;
    this.mesh = mesh;
    this.listener = listener;
    this.description = description;
    runner =
        new TaskRunner(
            runtimes,
            ports,
            description.getHostname(),
            blocking,
            new Prober(config.addr(), config.nanoTime()),
            this::taskEvent);
    logs = new LogPublisher(tasks::get, runner::runtimeOf, blocking);
    var memory = journal.read();
    var addresses = new ArrayList<>(memory.managers().getAddrsList());
    addresses.addAll(config.managers());
    finder = new ManagerFinder(addresses, config.random());
    core = new AgentCore(memory.mesh());
    connectAt = config.clock().instant();
    recover(memory);
    loop = config.threads().newThread(this::run);
    heart = config.threads().newThread(this::beat);
  }

  private void recover(Journal.Memory memory) throws IOException {
    var known = new HashMap<String, WorkerTask>();
    var running = new HashMap<String, TaskEvent.Started>();
    runner
        .adopt()
        .forEach(
            (id, adopted) -> {
              known.put(id, adopted.task());
              running.put(id, adopted.started());
            });
    // The journal knows more of a task than what the runtime noted when it started.
    memory.tasks().forEach(task -> known.put(task.id(), task));
    var effects = core.recover(known.values(), running, config.clock().instant());
    // Whoever made the agent may not be ready for what these do before it starts the agent.
    post(
        () -> {
          perform(effects);
          runner.watchAdopted();
        });
  }

  /// Begins to look for a manager, and to act.
  public void start() {
    loop.start();
    heart.start();
  }

  /// Tells the managers what this node is now.
  public void describe(NodeDescription changed) {
    post(
        () -> {
          if (!changed.equals(description)) {
            description = changed;
            events.add(new AgentEvent.Described(changed));
          }
        });
  }

  /// This node's mesh has no connection to a draining endpoint any more.
  public void meshLetGo(String taskId) {
    post(new AgentEvent.MeshLetGo(taskId));
  }

  /// A client waits at this node's mesh for a service that has no replica.
  public void meshWaits(String serviceId) {
    post(new AgentEvent.MeshWaits(serviceId));
  }

  /// Tells the managers what is used here now; forgotten when none can be reached.
  public void measured(NodeStats stats) {
    post(new AgentEvent.Measured(stats));
  }

  /// Stops every task: the node leaves the cluster. New ones are refused from now on.
  ///
  /// @return completes when nothing runs any more and the managers know it, or refuse this node;
  ///     bound the wait, for they may be out of reach
  public CompletableFuture<Void> stopAllTasks() {
    post(
        () -> {
          stopping = true;
          events.add(new AgentEvent.StopAll());
        });
    return quiet;
  }

  /// Whether a manager keeps this node's session now.
  public boolean isConnected() {
    return period != null;
  }

  /// The managers' addresses as known now, the leader first.
  public CompletableFuture<List<String>> managers() {
    var answer = new CompletableFuture<List<String>>();
    post(() -> answer.complete(finder.addresses()));
    return answer;
  }

  /// The node's tasks by id, as of now; for display and tests.
  public Map<String, WorkerTask> tasks() {
    return Map.copyOf(tasks);
  }

  // ---- Events

  private void taskEvent(String taskId, TaskEvent event) {
    post(new AgentEvent.OfTask(taskId, event));
  }

  private void post(AgentEvent event) {
    post(() -> events.add(event));
  }

  private void post(Runnable job) {
    queue.add(job);
  }

  private void run() {
    var batch = new ArrayList<Runnable>(BATCH);
    try {
      while (!closed) {
        var job = queue.poll(idleNanos(), TimeUnit.NANOSECONDS);
        if (job != null) {
          batch.add(job);
          queue.drainTo(batch, BATCH - 1);
          batch.forEach(Runnable::run);
          batch.clear();
        }
        var now = config.clock().instant();
        var wakeAt = core.wakeAt();
        if (wakeAt != null && !now.isBefore(wakeAt)) {
          events.add(new AgentEvent.Tick());
        }
        if (!events.isEmpty()) {
          var taken = List.copyOf(events);
          events.clear();
          perform(core.on(taken, now));
        }
        if (session == null && !now.isBefore(connectAt)) {
          connect();
        }
        if (stopping && core.isQuiet()) {
          quiet.complete(null);
        }
      }
    } catch (InterruptedException e) {
      // Nobody interrupts this thread but to end it.
      Thread.currentThread().interrupt();
    }
  }

  private long idleNanos() {
    var now = config.clock().instant();
    var at = core.wakeAt();
    if (session == null && (at == null || connectAt.isBefore(at))) {
      at = connectAt;
    }
    if (at == null) {
      return TimeUnit.SECONDS.toNanos(1);
    }
    var wait = Duration.between(now, at);
    return wait.compareTo(Duration.ofSeconds(1)) > 0
        ? TimeUnit.SECONDS.toNanos(1)
        : Math.max(0, wait.toNanos());
  }

  private void perform(List<AgentEffect> effects) {
    for (var effect : effects) {
      switch (effect) {
        case AgentEffect.Send(var message) -> {
          var open = session;
          if (open != null) {
            open.send(message);
          }
        }
        case AgentEffect.SessionReady(var id, var told) -> {
          LOG.debug("session {} with {}", id, finder.next());
          finder.accepted();
          period = told;
          LockSupport.unpark(heart);
        }
        case AgentEffect.EndSession(var reason) -> {
          var open = session;
          if (open != null) {
            open.abort(reason);
          }
        }
        case AgentEffect.Run(var task, var what) -> runner.run(task, what);
        case AgentEffect.ApplyMesh(var services) -> {
          mesh.accept(services);
          journal.saveMesh(services);
        }
        case AgentEffect.SaveTask(var task) -> journal.saveTask(task);
        case AgentEffect.ForgetTask(var id) -> journal.forgetTask(id);
        case AgentEffect.TaskMoved(var id, var task) -> {
          if (task == null) {
            tasks.remove(id);
          } else {
            tasks.put(id, task);
            if (TaskStates.isTerminal(task.state())) {
              // Also of a task that was prepared and then never started.
              runner.detach(id);
            }
          }
        }
        case AgentEffect.ManagersChanged(var managers) -> managersChanged(managers);
        case AgentEffect.NodeChanged(var node) -> listener.nodeChanged(node);
        case AgentEffect.Subscribe(var subscription) -> {
          var open = session;
          if (open != null) {
            logs.subscribe(subscription, config.nodeId(), open.channel());
          }
        }
        case AgentEffect.Unsubscribe(var id) -> logs.unsubscribe(id);
      }
    }
  }

  private void managersChanged(ManagerList managers) {
    finder.known(managers.getAddrsList());
    journal.saveManagers(managers);
    listener.managersChanged(managers);
  }

  // ---- The session

  private void connect() {
    var address = finder.next();
    var opened = new SessionEvents();
    var fresh =
        new ManagerSession(
            () -> connector.to(address), config.nanoTime(), opened::message, opened::ended);
    opened.session = fresh;
    session = fresh;
    fresh.open(AgentMessage.newBuilder().setHello(core.hello(description, config.addr())).build());
  }

  /// Brings what happens to one session onto the agent's thread.
  private final class SessionEvents {
    private @Nullable ManagerSession session;

    private void message(DispatcherMessage message) {
      post(
          () -> {
            var open = session;
            if (open != null && open == Agent.this.session) {
              events.add(new AgentEvent.FromManager(message));
              open.taken();
            }
          });
    }

    private void ended(Status status, Metadata trailers) {
      post(
          () -> {
            if (session == Agent.this.session) {
              disconnected(status, trailers.get(ManagerSession.LEADER));
            }
          });
    }
  }

  private void disconnected(Status status, @Nullable String leader) {
    var lost = period != null;
    session = null;
    period = null;
    events.add(new AgentEvent.Disconnected());
    logs.disconnected();
    if (lost) {
      LOG.info("the session with {} ended: {}", finder.next(), status);
    } else {
      LOG.debug("{} took no session: {}", finder.next(), status);
    }
    if (leader != null) {
      finder.redirected(leader);
    } else {
      finder.failed();
    }
    if (status.getCode() == Status.Code.PERMISSION_DENIED
        || status.getCode() == Status.Code.UNAUTHENTICATED) {
      events.add(new AgentEvent.Refused());
      listener.refused(status);
    }
    connectAt = config.clock().instant().plus(finder.pause());
  }

  // ---- Heartbeats

  private void beat() {
    var heartbeat = AgentMessage.newBuilder().setHeartbeat(Heartbeat.getDefaultInstance()).build();
    var late = false;
    while (!closed) {
      var open = session;
      var told = period;
      if (open != null) {
        var patience =
            told == null
                ? AgentConfig.ACCEPT_TIMEOUT
                : told.multipliedBy(AgentConfig.SILENT_PERIODS);
        // An agent that was itself stopped or starved has not heard what may have come meanwhile.
        if (!late && open.silentNanos() > patience.toNanos()) {
          open.abort("nothing was heard from the manager for " + patience);
        } else if (told != null) {
          open.send(heartbeat);
        }
      }
      var pause = (told == null ? PERIOD_UNKNOWN : told).toNanos();
      var before = config.nanoTime().getAsLong();
      LockSupport.parkNanos(pause);
      late = config.nanoTime().getAsLong() - before > pause + pause / 2;
    }
  }

  /// Ends the session in order and the agent's threads. Tasks go on, and so does what the journal
  /// says of them.
  @Override
  public void close() {
    post(
        () -> {
          closed = true;
          var open = session;
          if (open != null) {
            open.close();
          }
        });
    try {
      loop.join();
      LockSupport.unpark(heart);
      heart.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    logs.close();
    blocking.shutdown();
    try {
      // What is being started or removed is not left half done.
      if (!blocking.awaitTermination(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("operations of tasks still run after {}; leaving them", CLOSE_PATIENCE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    journal.close();
  }
}
