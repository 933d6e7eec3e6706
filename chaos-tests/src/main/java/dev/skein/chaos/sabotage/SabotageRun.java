package dev.skein.chaos.sabotage;

import dev.skein.chaos.RealTime;
import dev.skein.chaos.check.LeaderTerms;
import dev.skein.chaos.check.LeaderTerms.Reign;
import dev.skein.chaos.check.UniqueEndpoints;
import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.history.History;
import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.Lab.Plan;
import dev.skein.chaos.lab.Remains;
import dev.skein.chaos.workload.Audit;
import dev.skein.chaos.workload.Lookout;
import dev.skein.chaos.workload.Manager;
import dev.skein.chaos.workload.Workload;
import dev.skein.chaos.workload.WorkloadSettings;
import dev.skein.cli.client.Endpoint;
import dev.skein.cli.daemon.DirectoryTree;
import dev.skein.cli.dev.Isolation;
import dev.skein.cli.dev.SystemCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Puts a defect into a lab's daemons, lets a workload run on them for a moment, and hears what the
/// checkers say: the control of the checks themselves.
@RealTime
public final class SabotageRun {
  private static final String JAVA_OPTIONS = "SKEIN_DAEMON_JAVA_OPTS";

  private static final int KEYS = 12;
  private static final int ANSWER_SECONDS = 2;
  private static final int CHANGES = 300;
  private static final Duration WORK_MAX = Duration.ofSeconds(20);
  private static final Duration WATCHERS_MAX = Duration.ofSeconds(2);
  private static final Duration AUDIT_MAX = Duration.ofSeconds(5);
  private static final int RESTARTS = 4;
  private static final Duration LEADER_MAX = Duration.ofSeconds(20);

  /// Longer than a run: no node is given up in it.
  private static final Duration OVERLAP_MAX = Duration.ofMinutes(1);

  private final Defect defect;
  private final WorkloadSettings settings;
  private final Consumer<String> says;
  private final @Nullable Path remains;

  private SabotageRun(Defect defect, long seed, Consumer<String> says, @Nullable Path remains) {
    this.defect = defect;
    this.settings =
        new WorkloadSettings(
            seed, WorkloadSettings.CLIENTS_PER_KEY_MAX, KEYS, "wl-", ANSWER_SECONDS, Duration.ZERO);
    this.says = says;
    this.remains = remains;
  }

  /// Why a defect can't be shown on this machine, if it can't.
  public static Optional<String> unsupported(Defect defect) {
    return defect.needsPowerCut() ? Isolation.missing() : Optional.empty();
  }

  /// A lab with a defect.
  ///
  /// @param launcher the `skein` script
  /// @param says takes what happens, a line each
  /// @throws IOException if the defect could not be built in, or the lab failed by itself
  public static Caught run(Path launcher, Defect defect, long seed, Consumer<String> says)
      throws IOException, InterruptedException {
    return run(launcher, defect, seed, says, null);
  }

  /// As the other.
  ///
  /// @param remains where the daemons' logs are kept if the defect is not caught; null for nowhere
  public static Caught run(
      Path launcher, Defect defect, long seed, Consumer<String> says, @Nullable Path remains)
      throws IOException, InterruptedException {
    var directory = Files.createTempDirectory("skein-sabotage");
    try {
      var jar = directory.resolve("agent.jar");
      AgentJar.write(jar);
      var agent = "-javaagent:%s=%s".formatted(jar, defect.label());
      return new SabotageRun(defect, seed, says, remains)
          .in(launcher, plan(defect).with(JAVA_OPTIONS, agent), true);
    } finally {
      DirectoryTree.delete(directory);
    }
  }

  /// The same lab without the defect: all checks must hold.
  public static Caught runWithout(Path launcher, Defect defect, long seed, Consumer<String> says)
      throws IOException, InterruptedException {
    return new SabotageRun(defect, seed, says, null).in(launcher, plan(defect), false);
  }

  private static Plan plan(Defect defect) {
    var plan = Plan.of(defect.managers(), 0);
    return new Plan(
        plan.managers(),
        plan.workers(),
        Isolation.missing().isEmpty(),
        plan.clocks(),
        plan.swarm(),
        plan.environment());
  }

  private Caught in(Path launcher, Plan plan, boolean sabotaged)
      throws IOException, InterruptedException {
    var begin = System.nanoTime();
    try (var lab = Lab.create(launcher, plan)) {
      lab.onNote(says);
      says.accept(
          "%s: %d daemons run after %d ms"
              .formatted(
                  defect.label(),
                  lab.nodes().size(),
                  Duration.ofNanos(System.nanoTime() - begin).toMillis()));
      try {
        if (sabotaged) {
          requireBuiltIn(lab);
        }
        var verdicts = verdicts(lab);
        verdicts.forEach(verdict -> says.accept(verdict.toString()));
        var taken = Duration.ofNanos(System.nanoTime() - begin);
        var caught = new Caught(defect, defect.check(), verdicts, taken);
        if (!caught.isCaught()) {
          keep(lab);
        }
        return caught;
      } catch (IOException | RuntimeException e) {
        keep(lab);
        throw e;
      }
    }
  }

  private void keep(Lab lab) {
    if (remains != null) {
      try {
        Remains.keepLogs(lab, remains);
      } catch (IOException e) {
        says.accept("the logs could not be kept: " + e);
      }
    }
  }

  private void requireBuiltIn(Lab lab) throws IOException {
    for (var node : lab.nodes()) {
      if (!node.logFrom(0).contains(SabotageAgent.BUILT_IN + defect.label())) {
        throw new IOException(
            "%s runs without the defect %s; its log: %s"
                .formatted(node.name(), defect.label(), node.log()));
      }
    }
  }

  private List<Verdict> verdicts(Lab lab) throws IOException, InterruptedException {
    var managers =
        lab.managers().stream()
            .map(node -> new Manager(node.name(), new Endpoint.Unix(node.socket().toString())))
            .toList();
    if (defect.needsPowerCut()) {
      // What is lost shall be what was acknowledged, not the cluster itself.
      for (var node : lab.nodes()) {
        SystemCommand.run("sync", "-f", node.data().toString());
      }
    }
    try (var history = History.inMemory();
        var workload = Workload.start(settings, managers, history, System::nanoTime);
        var lookout =
            Lookout.start(
                managers,
                name -> name.startsWith(settings.prefix()),
                OVERLAP_MAX,
                ANSWER_SECONDS,
                System::nanoTime)) {
      if (!workload.awaitChanges(CHANGES, WORK_MAX)) {
        says.accept(
            "only %d of %d changes were acknowledged within %d s"
                .formatted(workload.acknowledgedChanges(), CHANGES, WORK_MAX.toSeconds()));
      }
      workload.stopClients();
      if (defect.needsPowerCut()) {
        cutPower(lab);
      }
      if (defect.needsRestart()) {
        restart(lab);
      }
      workload.awaitWatchers(WATCHERS_MAX);
      var verdicts =
          new ArrayList<>(
              new Audit(managers, settings, System::nanoTime)
                  .of(history, workload.lastChange(), reigns(lab), AUDIT_MAX));
      // Of endpoints nothing can be said: the workload's tasks are placed nowhere.
      lookout.verdicts().stream()
          .filter(verdict -> !verdict.check().equals(UniqueEndpoints.CHECK))
          .forEach(verdicts::add);
      return verdicts;
    }
  }

  private static void cutPower(Lab lab) throws IOException {
    for (var node : lab.nodes()) {
      node.cutPower();
    }
    launch(lab);
  }

  /// Once is mostly enough. But votes that are split make the first election end in a later term
  /// than those before, which then is a new one; and a manager that begins a term anew may be
  /// refused by the log of another that knows a later one, so that nobody leads until the next try.
  private static void restart(Lab lab) throws IOException {
    for (var i = 0; i < RESTARTS && LeaderTerms.check(reigns(lab)) instanceof Verdict.Held; i++) {
      for (var node : lab.nodes()) {
        node.kill();
      }
      try {
        launch(lab);
      } catch (IOException e) {
        lab.note(String.valueOf(e.getMessage()));
      }
    }
  }

  private static void launch(Lab lab) throws IOException {
    for (var node : lab.nodes()) {
      node.launch();
    }
    lab.await(Condition.led(), LEADER_MAX);
  }

  private static List<Reign> reigns(Lab lab) throws IOException {
    List<Reign> reigns = new ArrayList<>();
    for (var node : lab.managers()) {
      reigns.addAll(LeaderTerms.of(node.name(), node.logFrom(0).lines().toList()));
    }
    return reigns;
  }
}
