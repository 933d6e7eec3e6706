package dev.skein.chaos.gate;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.skein.chaos.RealTime;
import dev.skein.chaos.check.LeaderTerms;
import dev.skein.chaos.check.LeaderTerms.Reign;
import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.fault.Injection;
import dev.skein.chaos.fault.NotNowException;
import dev.skein.chaos.fault.Site;
import dev.skein.chaos.gate.GatePlan.Step;
import dev.skein.chaos.history.History;
import dev.skein.chaos.lab.Clocks;
import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.chaos.lab.MeshProbe;
import dev.skein.chaos.lab.MeshProbe.Call;
import dev.skein.chaos.lab.Remains;
import dev.skein.chaos.workload.Audit;
import dev.skein.chaos.workload.Lookout;
import dev.skein.chaos.workload.Manager;
import dev.skein.chaos.workload.Workload;
import dev.skein.chaos.workload.WorkloadSettings;
import dev.skein.cli.client.Endpoint;
import dev.skein.cli.dev.Isolation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// One run of the gate: a lab under load, fault after fault, and the verdicts at the end.
@RealTime
final class Gate {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration DEADMAN = Duration.ofMinutes(2);

  /// A worker that is cut off keeps its tasks, while they run elsewhere too, until it hears of it.
  private static final Duration OVERLAP_MAX = Duration.ofSeconds(30);

  /// With a quorum, longer than this without an acknowledged change is a violation.
  private static final Duration GAP_MAX = Duration.ofSeconds(30);

  private static final int KEYS = 50;
  private static final int ANSWER_SECONDS = 3;

  /// Leaves processor time to daemons that start.
  private static final Duration PAUSE = Duration.ofMillis(30);

  private static final String SERVICE = "steady";
  private static final int REPLICAS = 6;

  /// The service that is called, and where it is published.
  private static final String PUBLISHED = "called";

  private static final int PORT = 8095;
  private static final int NODE_PORT = 8096;

  /// Between two calls through one node.
  private static final Duration CALL_PAUSE = Duration.ofMillis(100);

  private static final int LOST_CALLS_TOLD_MAX = 10;

  private final Path launcher;
  private final Path directory;
  private final long seed;
  private final Consumer<String> says;
  private final Matrix matrix = new Matrix();

  /// @param launcher the `skein` script of the build under test
  /// @param directory where what a failing run leaves behind is kept
  /// @param says what happens, a line each
  Gate(Path launcher, Path directory, long seed, Consumer<String> says) {
    this.launcher = launcher;
    this.directory = directory;
    this.seed = seed;
    this.says = says;
  }

  /// What came of a run.
  ///
  /// @param acknowledged operations that were acknowledged
  record Result(Matrix matrix, List<Verdict> verdicts, long acknowledged) {

    /// Whether everything was held: what is undecided is not.
    boolean passed() {
      return matrix.isClean()
          && verdicts.stream().allMatch(verdict -> verdict instanceof Verdict.Held);
    }

    /// How often these checks were seen not to hold.
    long broken(String... checks) {
      return verdicts.stream()
          .filter(verdict -> List.of(checks).contains(verdict.check()))
          .mapToLong(verdict -> verdict instanceof Verdict.Violated violated ? violated.count() : 0)
          .sum();
    }
  }

  /// Runs a plan.
  ///
  /// @param workers nodes beside the three managers
  /// @param steps one after the other, as long as there is a next one
  Result run(int workers, Iterator<Step> steps) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    var isolated = Isolation.missing();
    isolated.ifPresent(why -> says.accept("nodes share this machine's network: " + why));
    var plan = Lab.Plan.of(3, workers).withIsolation(isolated.isEmpty());
    if (Clocks.available()) {
      plan = plan.withClocks();
    }
    var swarm = new JsonObject();
    swarm.add("Raft", JsonParser.parseString("{\"SnapshotInterval\": 2000}"));
    try (var lab = Lab.create(launcher, plan.withSwarm(swarm))) {
      try {
        var result = run(lab, steps);
        if (!result.passed()) {
          keepOrSay(lab);
        }
        return result;
      } catch (IOException | RuntimeException | Error e) {
        try {
          keep(lab);
        } catch (IOException | RuntimeException keeping) {
          e.addSuppressed(keeping);
        }
        throw e;
      }
    }
  }

  private Result run(Lab lab, Iterator<Step> steps) throws IOException, InterruptedException {
    var begin = System.nanoTime();
    lab.onNote(note -> says.accept("%8.2f  %s".formatted((System.nanoTime() - begin) / 1e9, note)));
    createService(lab);
    createPublished(lab);
    lab.await(Condition.converged(SERVICE), SOON);
    lab.await(Condition.converged(PUBLISHED), SOON);
    var managers =
        lab.managers().stream()
            .map(node -> new Manager(node.name(), Endpoint.parse("unix://" + node.socket())))
            .toList();
    var settings =
        new WorkloadSettings(
            seed, WorkloadSettings.CLIENTS_PER_KEY_MAX, KEYS, "wl-", ANSWER_SECONDS, PAUSE);
    try (var history = History.to(directory.resolve("history.jsonl"));
        var workload = Workload.start(settings, managers, history, System::nanoTime);
        var lookout =
            Lookout.start(
                managers,
                List.of(SERVICE, PUBLISHED)::contains,
                OVERLAP_MAX,
                settings.answerSeconds(),
                System::nanoTime);
        var mesh =
            MeshProbe.start(
                lab, PORT, CALL_PAUSE.dividedBy(lab.nodes().size()), System::nanoTime)) {
      awaitAnswers(lab, mesh);
      if (!workload.awaitChanges(100, SOON)) {
        throw new IOException("the workload does not get going");
      }
      var random = new Random(seed);
      while (steps.hasNext()) {
        inject(lab, steps.next(), workload, lookout, mesh, random);
      }
      workload.stopClients();
      var all = new ArrayList<Verdict>();
      if (!workload.awaitWatchers(SOON)) {
        lab.note("not every watcher was told of everything in time");
      }
      lab.note("auditing " + workload.acknowledged() + " acknowledged operations");
      all.addAll(
          new Audit(managers, settings, System::nanoTime)
              .of(history, workload.lastChange(), reigns(lab), SOON));
      all.add(lookout.awaitConvergence(SOON));
      all.addAll(lookout.verdicts());
      all.add(matrix.requests());
      return new Result(matrix, all, workload.acknowledged());
    }
  }

  private static void createService(Lab lab) throws IOException {
    var spec =
        JsonParser.parseString(
            """
            {"Name": "%s",
             "TaskTemplate": {
               "Runtime": "process",
               "ContainerSpec": {"Command": ["sleep", "100000"], "StopGracePeriod": 1000000000},
               "RestartPolicy": {"Delay": 0}},
             "Mode": {"Replicated": {"Replicas": %d}}}
            """
                .formatted(SERVICE, REPLICAS));
    lab.ask(client -> client.post("/services/create", spec));
  }

  /// One replica on each worker and on no manager: faults of managers take none away, and those of
  /// a worker leave one at least. Beside the published port each has one of its node's own, which
  /// the managers tell. Two of its health checks in a row that fail end a replica.
  private static void createPublished(Lab lab) throws IOException {
    var spec =
        JsonParser.parseString(
            """
            {"Name": "%s",
             "TaskTemplate": {
               "Runtime": "process",
               "ContainerSpec": {
                 "Command": ["skein", "whoami"],
                 "StopGracePeriod": 1000000000,
                 "Healthcheck": {
                   "Test": ["HTTP", "/health"],
                   "Interval": 1000000000, "Timeout": 1000000000, "Retries": 2}},
               "Placement": {"Constraints": ["node.role==worker"], "MaxReplicas": 1},
               "RestartPolicy": {"Delay": 0}},
             "Mode": {"Replicated": {"Replicas": %d}},
             "EndpointSpec": {"Ports": [
               {"Protocol": "tcp", "TargetPort": 80, "PublishedPort": %d},
               {"Protocol": "tcp", "TargetPort": 81, "PublishedPort": %d, "PublishMode": "host"}]}}
            """
                .formatted(PUBLISHED, lab.workers().size(), PORT, NODE_PORT));
    lab.ask(client -> client.post("/services/create", spec));
  }

  /// Every node's mesh answers before the first fault.
  private static void awaitAnswers(Lab lab, MeshProbe mesh) throws IOException {
    var from = System.nanoTime();
    lab.await(
        new Condition(
            "every node's mesh answers",
            cluster -> {
              var silent = new TreeSet<String>();
              cluster.nodes().forEach(node -> silent.add(node.name()));
              mesh.since(from).stream()
                  .filter(Call::answered)
                  .forEach(call -> silent.remove(call.node()));
              return silent.isEmpty()
                  ? Optional.empty()
                  : Optional.of("no answer yet through " + silent);
            }),
        SOON);
  }

  private void inject(
      Lab lab, Step step, Workload workload, Lookout lookout, MeshProbe mesh, Random random)
      throws IOException {
    var row = step.row();
    var fault = Catalogue.find(row.fault()).orElseThrow();
    var unsupported = fault.unsupported(lab);
    if (unsupported.isPresent()) {
      matrix.skip(row, unsupported.get());
      return;
    }
    lab.note("== " + row.name());
    var targets = targets(lab, row, random);
    workload.takeLongestGap();
    var began = System.nanoTime();
    var injections = new ArrayList<Injection>();
    try {
      for (var target : targets) {
        injections.add(
            fault.inject(
                new Site(
                    lab,
                    target,
                    Catalogue.options(fault, options(step, target)),
                    DEADMAN,
                    random)));
      }
      LockSupport.parkNanos(step.hold().toNanos());
    } catch (NotNowException e) {
      lab.note("   " + e.why());
      matrix.skip(row, e.why());
      return;
    } finally {
      endAll(injections);
    }
    var ended = System.nanoTime();
    try {
      lab.await(Condition.ready(), SOON);
      if (!workload.awaitChanges(20, SOON)) {
        matrix.problem(row, "no change is acknowledged");
      }
    } catch (IOException e) {
      matrix.problem(row, String.valueOf(e.getMessage()));
    }
    if (!(lookout.awaitConvergence(SOON) instanceof Verdict.Held)) {
      matrix.problem(row, "what runs is not what is wanted, a minute after the fault's end");
    }
    var whole = System.nanoTime();
    var convergence = Duration.ofNanos(whole - ended);
    var gap = workload.takeLongestGap();
    if (gap.compareTo(GAP_MAX.plus(step.hold())) > 0) {
      matrix.problem(row, "%d ms without an acknowledged change".formatted(gap.toMillis()));
    }
    var hurt = targets.stream().map(LabNode::name).collect(Collectors.toSet());
    var requests = Requests.of(mesh.between(began, whole), hurt);
    matrix.add(row, gap, convergence, requests);
    requests.lost().stream()
        .limit(LOST_CALLS_TOLD_MAX)
        .forEach(call -> lab.note("   lost: " + told(call, began)));
    lab.note(
        "   gap %d ms, converged in %d ms, %d acknowledged, %d of %d calls lost"
            .formatted(
                gap.toMillis(),
                convergence.toMillis(),
                workload.acknowledged(),
                requests.lost().size(),
                requests.calls()));
  }

  private static String told(Call call, long began) {
    return "the call through %s at %d ms, after %d ms"
        .formatted(
            call.node(),
            Duration.ofNanos(call.nanos() - began).toMillis(),
            Duration.ofNanos(call.tookNanos()).toMillis());
  }

  /// A node is not cut off from itself: the next manager is meant then.
  private static Map<String, String> options(Step step, LabNode target) {
    var peers = step.options().get("peers");
    if (peers == null || !peers.equals(target.name())) {
      return step.options();
    }
    return Map.of("peers", target.name().equals("m1") ? "m2" : "m1");
  }

  private static List<LabNode> targets(Lab lab, Row row, Random random) throws IOException {
    return switch (row.target()) {
      case LEADER -> List.of(lab.leader(SOON));
      case FOLLOWER -> List.of(any(lab.followers(SOON), random));
      case WORKER -> List.of(any(lab.workers(), random));
      case MANAGERS -> lab.managers();
    };
  }

  private static LabNode any(List<LabNode> nodes, Random random) {
    return nodes.get(random.nextInt(nodes.size()));
  }

  /// Ends them at the same time: managers that are to come back may need each other.
  private static void endAll(List<Injection> injections) throws IOException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var ends =
          injections.stream()
              .map(injection -> CompletableFuture.runAsync(() -> end(injection), threads))
              .toList();
      for (var end : ends) {
        end.join();
      }
    } catch (CompletionException e) {
      throw new IOException("a fault does not end: " + e.getMessage(), e);
    }
  }

  private static void end(Injection injection) {
    try {
      injection.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Reign> reigns(Lab lab) throws IOException {
    var reigns = new ArrayList<Reign>();
    for (var manager : lab.managers()) {
      reigns.addAll(LeaderTerms.of(manager.name(), Files.readAllLines(manager.log())));
    }
    return reigns;
  }

  private void keep(Lab lab) throws IOException {
    Remains.keepLogs(lab, directory);
    Remains.keepStates(lab, directory);
  }

  private void keepOrSay(Lab lab) {
    try {
      keep(lab);
    } catch (IOException | RuntimeException e) {
      says.accept("not all could be kept: " + e);
    }
  }
}
