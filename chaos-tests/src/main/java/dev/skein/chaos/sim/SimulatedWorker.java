package dev.skein.chaos.sim;

import dev.skein.proto.v1.AgentMessage;
import dev.skein.proto.v1.DispatcherMessage;
import dev.skein.proto.v1.Heartbeat;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.PortConfig;
import dev.skein.worker.agent.AgentCore;
import dev.skein.worker.agent.AgentEffect;
import dev.skein.worker.agent.AgentEvent;
import dev.skein.worker.agent.TaskEffect;
import dev.skein.worker.agent.TaskEvent;
import dev.skein.worker.agent.WorkerTask;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// A node: a real agent core, with a disk that survives its agent, processes that survive the agent
/// but not the machine, and a mesh that lets go after a while.
final class SimulatedWorker {
  /// The argument that makes a task's process fail soon after its start.
  static final String FAILING = "failing";

  /// The argument that makes it succeed after a while.
  static final String COMPLETING = "completing";

  private static final int MISSED_HEARTBEATS_MAX = 3;
  private static final Duration ANSWER_WAIT_MAX = Duration.ofSeconds(3);

  private final String id;
  private final String address;
  private final NodeDescription description;
  private final SimulatedCluster cluster;
  private final SimulatedTime time;
  private final Chance chance;

  // What survives the agent: its disk, and the processes.
  private final TreeMap<String, WorkerTask> disk = new TreeMap<>();
  private final TreeMap<String, SimulatedProcess> processes = new TreeMap<>();
  private List<MeshService> meshOnDisk = List.of();
  // Not the machine's own: what the checks have seen of it.
  private final Set<String> healthy = new HashSet<>();
  private int nextPort = 40_000;

  private @Nullable AgentCore agent;
  private long agentLife;
  private @Nullable SimulatedSession session;
  private @Nullable Duration heartbeat;
  private Instant heard = Instant.MIN;
  private Instant alarm = Instant.MAX;
  private boolean cutOff;
  private boolean stalled;
  private boolean left;

  /// @param address of the node, a literal one
  SimulatedWorker(
      String id,
      String address,
      NodeDescription description,
      SimulatedCluster cluster,
      SimulatedTime time,
      Chance chance) {
    this.id = id;
    this.address = address;
    this.description = description;
    this.cluster = cluster;
    this.time = time;
    this.chance = chance;
  }

  String id() {
    return id;
  }

  NodeDescription description() {
    return description;
  }

  boolean isUp() {
    return agent != null;
  }

  boolean isCutOff() {
    return cutOff;
  }

  /// Ids of the tasks that have a running process here.
  Set<String> running() {
    var running = new TreeSet<String>();
    processes.forEach(
        (task, process) -> {
          if (process.isRunning()) {
            running.add(task);
          }
        });
    return running;
  }

  /// Whether a probe has ever found the task's process healthy, even if the machine has died since:
  /// what it reported may be committed afterwards.
  boolean wasHealthy(String task) {
    return healthy.contains(task);
  }

  /// Tasks that the agent has not forgotten, for messages.
  Set<String> known() {
    return agent == null ? Set.of() : Set.copyOf(agent.tasks().keySet());
  }

  // ---- Faults

  void start() {
    if (agent != null || left) {
      return;
    }
    var starting = new AgentCore(meshOnDisk);
    agent = starting;
    agentLife++;
    heartbeat = null;
    alarm = Instant.MAX;
    var started = new TreeMap<String, TaskEvent.Started>();
    processes.forEach((task, process) -> started.put(task, process.started()));
    perform(starting.recover(List.copyOf(disk.values()), started, time.now()));
    processes.forEach(
        (task, process) -> {
          var code = process.exitCode();
          if (code != null) {
            tell(task, new TaskEvent.Exited(code, ""), Duration.ofMillis(10));
          }
        });
    connectAfter(chance.millis(10, 300));
  }

  /// The agent dies; the processes do not notice.
  void killAgent() {
    agent = null;
    agentLife++;
    dropSession();
  }

  /// The machine dies.
  void powerOff() {
    killAgent();
    processes.clear();
  }

  /// The node is told to leave for good; its machine is wiped.
  void leave() {
    powerOff();
    disk.clear();
    left = true;
  }

  void cutOff(boolean cut) {
    cutOff = cut;
  }

  /// The agent lives but gets no time to run, as on a machine that swaps.
  void stall(boolean stall) {
    stalled = stall;
  }

  /// A process ends by itself.
  void failProcess(String task, int exitCode) {
    var process = processes.get(task);
    if (process != null && process.isRunning()) {
      process.end(exitCode);
      tell(
          task,
          new TaskEvent.Exited(exitCode, exitCode == 0 ? "" : "exit code " + exitCode),
          Duration.ofMillis(1));
    }
  }

  // ---- Session

  private void connectAfter(Duration delay) {
    var life = agentLife;
    time.after(
        delay,
        () -> {
          if (life == agentLife && session == null) {
            connect();
          }
        });
  }

  private void connect() {
    var manager = cluster.leader();
    if (agent == null) {
      return;
    }
    if (manager == null || cutOff || stalled) {
      connectAfter(chance.millis(100, 1_000));
      return;
    }
    var opened = cluster.open(this, manager);
    session = opened;
    heard = time.now();
    var hello = agent.hello(description, address);
    opened.up(() -> manager.opened(opened, hello));
    // A connection that is never answered is given up too.
    time.after(ANSWER_WAIT_MAX, () -> checkHeard(opened));
  }

  void received(SimulatedSession from, DispatcherMessage message) {
    if (session != from) {
      return;
    }
    if (stalled) {
      // Nobody reads the stream, so it ends up broken.
      from.breakOff();
    } else {
      heard = time.now();
      on(new AgentEvent.FromManager(message));
    }
  }

  void ended(SimulatedSession ended) {
    if (session == ended) {
      session = null;
      heartbeat = null;
      on(new AgentEvent.Disconnected());
      connectAfter(chance.millis(100, 500));
    }
  }

  private void dropSession() {
    var dropped = session;
    if (dropped != null) {
      session = null;
      heartbeat = null;
      dropped.endFromWorker();
    }
  }

  private void giveUpSession() {
    if (session != null) {
      dropSession();
      on(new AgentEvent.Disconnected());
      connectAfter(chance.millis(100, 500));
    }
  }

  private void beat(SimulatedSession of) {
    if (session != of || heartbeat == null) {
      return;
    }
    if (!stalled) {
      of.up(AgentMessage.newBuilder().setHeartbeat(Heartbeat.getDefaultInstance()).build());
      on(new AgentEvent.Measured(cluster.load().measuredBy(this)));
      checkHeard(of);
    }
    var period = heartbeat;
    if (period != null) {
      time.after(period, () -> beat(of));
    }
  }

  private void checkHeard(SimulatedSession of) {
    var patience =
        heartbeat == null ? ANSWER_WAIT_MAX : heartbeat.multipliedBy(MISSED_HEARTBEATS_MAX);
    if (session == of && !heard.plus(patience).isAfter(time.now())) {
      giveUpSession();
    }
  }

  // ---- The agent

  private void on(AgentEvent event) {
    if (agent != null) {
      perform(agent.on(event, time.now()));
    }
  }

  private void tell(String task, TaskEvent event, Duration delay) {
    var life = agentLife;
    time.after(
        delay,
        () -> {
          if (life == agentLife) {
            on(new AgentEvent.OfTask(task, event));
          }
        });
  }

  private void perform(List<AgentEffect> effects) {
    for (var effect : effects) {
      switch (effect) {
        case AgentEffect.Send(var message) -> {
          if (session != null) {
            session.up(message);
          }
        }
        case AgentEffect.SessionReady(var ignored, var period) -> {
          var first = heartbeat == null;
          heartbeat = period;
          var of = session;
          if (first && of != null) {
            time.after(period, () -> beat(of));
          }
        }
        case AgentEffect.EndSession ignored -> giveUpSession();
        case AgentEffect.Run(var task, var what) -> run(task, what);
        case AgentEffect.ApplyMesh(var services) -> applyMesh(services);
        case AgentEffect.SaveTask(var task) -> disk.put(task.id(), task);
        case AgentEffect.ForgetTask(var task) -> disk.remove(task);
        case AgentEffect.TaskMoved ignored -> {}
        case AgentEffect.ManagersChanged ignored -> {}
        case AgentEffect.NodeChanged ignored -> {}
        case AgentEffect.Subscribe ignored -> {}
        case AgentEffect.Unsubscribe ignored -> {}
      }
    }
    setAlarm();
  }

  private void setAlarm() {
    var at = agent == null ? null : agent.wakeAt();
    if (at != null && at.isBefore(alarm)) {
      alarm = at;
      var life = agentLife;
      time.at(
          at,
          () -> {
            if (life == agentLife && alarm.equals(at)) {
              alarm = Instant.MAX;
              on(new AgentEvent.Tick());
            }
          });
    }
  }

  private void applyMesh(List<MeshService> services) {
    meshOnDisk = services;
    for (var service : services) {
      for (var endpoint : service.getEndpointsList()) {
        if (endpoint.getDraining()) {
          var life = agentLife;
          time.after(
              chance.millis(1, 2_000),
              () -> {
                if (life == agentLife) {
                  on(new AgentEvent.MeshLetGo(endpoint.getTaskId()));
                }
              });
        }
      }
    }
  }

  // ---- The runtime

  private void run(WorkerTask task, TaskEffect what) {
    var taskId = task.id();
    switch (what) {
      case PREPARE ->
          tell(
              taskId,
              chance.in(100)
                  ? new TaskEvent.PrepareFailed("no space left on device")
                  : new TaskEvent.Prepared(),
              chance.millis(1, 300));
      case START -> {
        var started = started(task);
        processes.put(taskId, new SimulatedProcess(started, task.spec(), time.now(), chance));
        tell(taskId, started, chance.millis(1, 100));
        var arguments = task.spec().getContainerSpec().getArgsList();
        if (arguments.contains(FAILING)) {
          time.after(chance.millis(200, 2_000), () -> failProcess(taskId, 1));
        } else if (arguments.contains(COMPLETING)) {
          time.after(chance.millis(200, 8_000), () -> failProcess(taskId, 0));
        }
      }
      case PROBE -> {
        var process = processes.get(taskId);
        var passed = process != null && process.probe(time.now(), chance);
        if (passed) {
          healthy.add(taskId);
        }
        tell(
            taskId,
            new TaskEvent.Probed(passed, passed ? "" : "exit code 1"),
            SimulatedProcess.probeTime(chance));
      }
      case STOP -> stop(taskId, chance.millis(1, 2_000));
      case REMOVE -> {
        processes.remove(taskId);
        tell(taskId, new TaskEvent.Removed(), chance.millis(1, 20));
      }
    }
  }

  private TaskEvent.Started started(WorkerTask task) {
    var ports =
        task.assignment().getPortsList().stream()
            .map(port -> PortConfig.newBuilder(port).setPublishedPort(nextPort++).build())
            .toList();
    return new TaskEvent.Started(chance.between(100, 30_000), ports);
  }

  /// Stopping goes on whatever becomes of the agent meanwhile; only a lost machine ends it sooner.
  private void stop(String taskId, Duration grace) {
    time.after(
        grace,
        () -> {
          var process = processes.get(taskId);
          if (process != null) {
            process.end(143);
          }
          var ended = process == null ? null : process.exitCode();
          var code = ended == null ? 143 : ended;
          on(new AgentEvent.OfTask(taskId, new TaskEvent.Exited(code, "")));
        });
  }
}
