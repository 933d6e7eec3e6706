package dev.skein.chaos.sim;

import dev.skein.manager.control.Admission;
import dev.skein.manager.control.Mutation;
import dev.skein.manager.control.Rejection;
import dev.skein.manager.control.SpecLimits;
import dev.skein.manager.loop.Planners;
import dev.skein.manager.plan.Planner;
import dev.skein.proto.v1.Capability;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeAvailability;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.OrchestrationConfig;
import dev.skein.proto.v1.Platform;
import dev.skein.proto.v1.Resources;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterState;
import dev.skein.state.Commit;
import dev.skein.state.IdSource;
import dev.skein.state.ObjectChange;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A cluster and all that befalls it, decided by one seed: users at work, leaders that change,
/// machines and agents that die and come back, partitions, processes that fail. First everything
/// goes wrong for a while; then nothing does any more, and the cluster has to come to rest as its
/// users want it.
///
/// [#run] throws a [Violation] when something happens that must not. One thread; a new object for
/// each run.
public final class SimulatedCluster {
  /// How long things go wrong.
  static final Duration CHAOS = Duration.ofSeconds(90);

  /// How long the cluster then has to come to rest. Longer than any delay that may be left: a
  /// restart's, an update's monitor and progress deadline, and the wait for a task that does not
  /// stop.
  static final Duration CONVERGENCE_MAX = Duration.ofMinutes(25);

  /// Not a whole second, so that what is repaired does not lose its race with a schedule each time.
  private static final Duration REPAIR_PAUSE = Duration.ofMillis(9_700);

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final Function<IdSource, List<Planner>> planners;
  private final Chance chance;
  private final IdSource ids;
  private final SimulatedTime time = new SimulatedTime(START);
  private final SimulatedLog log;
  private final SimulatedUser user;
  private final SimulatedLoad load = new SimulatedLoad(this);
  private final Admission admission =
      new Admission(SpecLimits.DEFAULT, List::of, new SecureRandom());
  private final MoveInvariant moves = new MoveInvariant();
  private final Convergence convergence = new Convergence(this);
  private final UpdateInvariant updates = new UpdateInvariant();
  private final BudgetInvariant budgets = new BudgetInvariant();
  private final IdleInvariants whenIdle = new IdleInvariants();
  private final TreeMap<String, SimulatedWorker> workers = new TreeMap<>();
  private @Nullable Consumer<String> trace;
  private @Nullable SimulatedManager leader;
  private boolean calm;
  private long sessions;
  private int nodes;
  private long commits;

  /// A cluster with the real planners.
  public SimulatedCluster(long seed) {
    this(seed, Planners::create);
  }

  /// A cluster with other planners, to see whether what they do wrong is noticed.
  public SimulatedCluster(long seed, Function<IdSource, List<Planner>> planners) {
    var random = new SplittableRandom(seed);
    this.planners = planners;
    this.chance = new Chance(random.split());
    this.ids = new IdSource(random.split());
    this.log = new SimulatedLog(time, chance);
    this.user = new SimulatedUser(this, chance, ids);
    log.read(this::committed);
  }

  /// Has every change of the state told, a line each.
  public void trace(Consumer<String> lines) {
    this.trace = lines;
  }

  /// Lives through everything.
  ///
  /// @return how many entries the log then has
  /// @throws Violation when something happened that must not
  public long run() {
    elect();
    propose(
        ChangeSets.create(
            Cluster.newBuilder()
                .setId("cluster")
                .setSpec(
                    ClusterSpec.newBuilder()
                        .setOrchestration(
                            OrchestrationConfig.newBuilder()
                                .setTaskHistoryRetentionLimit(chance.below(6))))
                .build()));
    var initial = chance.between(3, 5);
    for (var node = 0; node < initial; node++) {
      join();
    }
    passUntil(START.plusSeconds(2));
    time.after(chance.millis(10, 500), this::userActs);
    time.after(chance.millis(500, 5_000), this::somethingBreaks);
    passUntil(START.plus(CHAOS));
    calmDown();
    awaitConvergence();
    return commits;
  }

  private void passUntil(Instant end) {
    var running = true;
    while (running) {
      running = time.step(end);
    }
  }

  private void calmDown() {
    calm = true;
    if (leader == null) {
      elect();
    }
    workers.values().forEach(SimulatedWorker::start);
    for (var worker : workers.values()) {
      worker.cutOff(false);
      worker.stall(false);
    }
    user.repair();
  }

  private void awaitConvergence() {
    var end = time.now().plus(CONVERGENCE_MAX);
    passUntil(time.now().plusSeconds(20));
    while (true) {
      var reason = convergence.whyNot();
      if (reason == null) {
        return;
      }
      if (!time.now().isBefore(end)) {
        throw new Violation("no convergence within " + CONVERGENCE_MAX + ": " + reason);
      }
      user.repair();
      user.resumePaused();
      passUntil(time.now().plus(REPAIR_PAUSE));
    }
  }

  // ---- What happens

  private void userActs() {
    if (!calm) {
      user.act();
      time.after(chance.millis(50, 4_000), this::userActs);
    }
  }

  private void somethingBreaks() {
    if (calm) {
      return;
    }
    switch (chance.below(10)) {
      case 0, 1 -> changeLeader();
      case 2 -> powerFailure(someWorker());
      case 3 -> agentCrash(someWorker());
      case 4 -> partition(someWorker());
      case 5 -> stall(someWorker());
      default -> processFailure(someWorker());
    }
    time.after(chance.millis(200, 6_000), this::somethingBreaks);
  }

  private SimulatedWorker someWorker() {
    return chance.of(List.copyOf(workers.values()));
  }

  private void changeLeader() {
    var old = leader;
    if (old != null) {
      old.die();
      leader = null;
      time.after(
          chance.millis(50, 2_000),
          () -> {
            if (leader == null) {
              elect();
            }
          });
    }
  }

  private void elect() {
    log.elect();
    leader =
        new SimulatedManager(
            time,
            log,
            planners.apply(ids),
            ids,
            chance.millis(-1_000, 1_000),
            admission,
            this::idle);
  }

  private void powerFailure(SimulatedWorker worker) {
    worker.powerOff();
    time.after(chance.millis(500, 20_000), worker::start);
  }

  private void agentCrash(SimulatedWorker worker) {
    worker.killAgent();
    time.after(chance.millis(100, 8_000), worker::start);
  }

  private void partition(SimulatedWorker worker) {
    worker.cutOff(true);
    time.after(chance.millis(100, 15_000), () -> worker.cutOff(false));
  }

  private void stall(SimulatedWorker worker) {
    worker.stall(true);
    time.after(chance.millis(100, 6_000), () -> worker.stall(false));
  }

  private void processFailure(SimulatedWorker worker) {
    var running = worker.running();
    if (!running.isEmpty()) {
      worker.failProcess(chance.of(List.copyOf(running)), chance.in(4) ? 0 : 1);
    }
  }

  // ---- What users and workers need

  Instant now() {
    return time.now();
  }

  ClusterState state() {
    return log.state();
  }

  NavigableMap<String, SimulatedWorker> workers() {
    return workers;
  }

  SimulatedWorker worker(String id) {
    var worker = workers.get(id);
    if (worker == null) {
      throw new IllegalStateException("no worker " + id);
    }
    return worker;
  }

  @Nullable SimulatedManager leader() {
    return leader;
  }

  /// What clients want of the services.
  SimulatedLoad load() {
    return load;
  }

  /// Does what a user asks for if it may be done, by the control API's own admission.
  void propose(Mutation mutation) {
    var to = leader;
    if (to != null) {
      try {
        var admitted = admission.admit(state(), mutation);
        to.propose(ChangeSets.of(to.clock(), admitted.changes()), outcome -> {});
      } catch (Rejection refused) {
        // The user is told, and does something else.
      }
    }
  }

  SimulatedSession open(SimulatedWorker worker, SimulatedManager manager) {
    return new SimulatedSession(++sessions, worker, manager, time, chance);
  }

  /// Proposes a change as the API of the present leader; without one it is refused.
  void propose(Change change) {
    var to = leader;
    if (to != null) {
      to.propose(ChangeSets.of(to.clock(), List.of(change)), outcome -> {});
    }
  }

  /// A new machine joins.
  void join() {
    nodes++;
    var id = "node-" + (nodes - 1);
    var address = "10.0.%d.%d".formatted(nodes / 256, nodes % 256);
    var description =
        NodeDescription.newBuilder()
            .setHostname(id)
            .setPlatform(Platform.newBuilder().setOs("linux").setArchitecture("x86_64"))
            .setResources(
                Resources.newBuilder()
                    .setNanoCpus(4_000_000_000L)
                    .setMemoryBytes(4_000_000_000L)
                    .addAllGenericResources(SimulatedDemands.gpus()))
            .addCapabilities(Capability.newBuilder().setName("process").setAvailable(true))
            .build();
    propose(
        ChangeSets.create(
            Node.newBuilder()
                .setId(id)
                .setRole(NodeRole.NODE_ROLE_WORKER)
                .setSpec(
                    NodeSpec.newBuilder()
                        .setAvailability(NodeAvailability.NODE_AVAILABILITY_ACTIVE)
                        .putLabels("zone", chance.in(2) ? "east" : "west"))
                .build()));
    var worker = new SimulatedWorker(id, address, description, this, time, chance);
    workers.put(id, worker);
    time.after(Duration.ofMillis(20), worker::start);
  }

  // ---- What is checked

  private void committed(Commit commit) {
    commits++;
    if (trace != null) {
      Trace.lines(commit, time.now()).forEach(trace);
    }
    CommitInvariants.check(commit);
    HealthInvariants.check(commit, (node, task) -> worker(node).wasHealthy(task));
    updates.check(commit, time.now());
    budgets.check(commit, time.now());
    JobInvariants.check(commit);
    ScheduleInvariants.check(commit, time.now());
    commit.changes().forEach(this::leaveIfRemoved);
    moves.check(commit);
    whenIdle.committed(commit);
  }

  /// A machine whose node was removed, an ephemeral one as well, is told so and stops its tasks.
  private void leaveIfRemoved(ObjectChange change) {
    if (change instanceof ObjectChange.OfNode(var before, var after) && after == null) {
      worker(change.id()).leave();
    }
  }

  private void idle() {
    var present = leader;
    if (present == null) {
      return;
    }
    whenIdle.check(log.state());
    if (chance.in(4)) {
      IdleInvariants.checkAgainstFreshLook(
          log.state(),
          present.control(),
          planners.apply(new IdSource(new SplittableRandom(1))),
          present.clock());
    }
  }
}
