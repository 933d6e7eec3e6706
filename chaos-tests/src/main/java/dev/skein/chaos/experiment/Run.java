package dev.skein.chaos.experiment;

import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.experiment.RunRecord.Judged;
import dev.skein.chaos.experiment.RunRecord.Outcome;
import dev.skein.chaos.history.History;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.workload.Audit;
import dev.skein.cli.command.Interrupts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;

/// One run of an experiment: the steady state gates it, then the method's faults are injected
/// along their timeline while the abort conditions are watched, then all is ended and judged.
///
/// The thread that runs it owns it.
public final class Run {

  private static final Duration STEADY_WITHIN = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofSeconds(3);
  private static final Duration CONTINUOUS_WINDOW = Duration.ofSeconds(5);
  /// A daemon starts, joins and catches up meanwhile.
  private static final Duration QUORUM_WITHIN = Duration.ofSeconds(30);

  private static final Duration JUDGE_WITHIN = Duration.ofSeconds(40);
  private static final long TICK_NANOS = Duration.ofMillis(200).toNanos();

  private final Cluster cluster;
  private final Experiment experiment;
  private final Plan plan;
  private final Path directory;
  private final Screen screen;
  private final Interrupts interrupts;
  private final LongSupplier nanoTime;
  private final List<Injector> injectors = new ArrayList<>();
  private final List<Judged> verdicts = new ArrayList<>();
  private final CountDownLatch stop = new CountDownLatch(1);
  private long recoveredMillis = -1;
  private long gapMillis;

  /// @param directory where the record is kept, which exists
  public Run(
      Cluster cluster,
      Experiment experiment,
      Plan plan,
      Path directory,
      Screen screen,
      Interrupts interrupts,
      LongSupplier nanoTime) {
    this.cluster = cluster;
    this.experiment = experiment;
    this.plan = plan;
    this.directory = directory;
    this.screen = screen;
    this.interrupts = interrupts;
    this.nanoTime = nanoTime;
  }

  /// How a run ended.
  private record End(Outcome outcome, String why) {}

  /// Runs it, and returns when every fault is undone.
  ///
  /// @param startedMillis Unix time of the beginning, for the record
  public RunRecord execute(String id, long startedMillis) throws IOException, InterruptedException {
    try (var journal = new Journal(directory.resolve("timeline.jsonl"), screen, nanoTime);
        var history = History.to(directory.resolve("history.jsonl"))) {
      var watching = Watching.start(cluster, experiment, journal, nanoTime);
      End end;
      long acknowledged;
      try (watching) {
        journal.say("%s (seed %d)".formatted(experiment.title(), experiment.seed()));
        var load = Load.start(cluster, experiment, history, nanoTime);
        try (load;
            var steady =
                new SteadyState(cluster, experiment.steadyState(), load, watching, nanoTime)) {
          end = run(journal, watching, load, steady);
          end = judge(end, journal, watching, load, history);
        }
        acknowledged = load.workload().acknowledged();
        Load.removeAll(cluster);
      }
      screen.erase();
      journal.say("%s: %s".formatted(end.outcome(), end.why()));
      return new RunRecord(
          id,
          experiment.title(),
          experiment.seed(),
          startedMillis,
          journal.nowMillis(),
          end.outcome(),
          end.why(),
          acknowledged,
          gapMillis,
          recoveredMillis,
          injectors.stream().map(Injector::bar).toList(),
          watching.leads(),
          WriteSeconds.of(history.operations(), journal.beginNanos()),
          watching.unconverged(),
          verdicts,
          journal.lines());
    }
  }

  private End run(Journal journal, Watching watching, Load load, SteadyState steady)
      throws InterruptedException {
    var gate = awaitSteady(steady, journal, watching, STEADY_WITHIN);
    if (gate.isPresent()) {
      return gate.get();
    }
    journal.say("the cluster is in its steady state");
    load.workload().takeLongestGap();
    var quorum = new Quorum(new ManagerSight(cluster), !experiment.guard().anyManagers(), nanoTime);
    for (var entry : plan.entries()) {
      var injector = new Injector(cluster, entry, experiment, journal, quorum, QUORUM_WITHIN, stop);
      injectors.add(injector);
      injector.start();
    }
    var end = watch(journal, watching, load, steady);
    stop.countDown();
    for (var injector : injectors) {
      injector.join();
    }
    gapMillis = Math.max(gapMillis, load.workload().takeLongestGap().toMillis());
    if (end.isPresent()) {
      return end.get();
    }
    return recover(journal, steady, watching);
  }

  private End recover(Journal journal, SteadyState steady, Watching watching) {
    var begin = journal.nowMillis();
    journal.say("all faults have ended; waiting until the cluster is well");
    try {
      cluster.await(Condition.ready(), experiment.convergeWithin());
    } catch (IOException e) {
      return new End(Outcome.FAILED, "not well again: " + e.getMessage());
    }
    var left = experiment.convergeWithin().minusMillis(journal.nowMillis() - begin).plus(LOOK);
    var after = awaitSteady(steady, journal, watching, left);
    if (after.isPresent()) {
      return after.get().outcome() == Outcome.NOT_STEADY
          ? new End(Outcome.FAILED, "not well again: " + after.get().why())
          : after.get();
    }
    recoveredMillis = Math.max(0, journal.nowMillis() - begin - LOOK.toMillis());
    journal.say("the cluster is well again");
    return new End(Outcome.PASSED, "all that was looked at held");
  }

  /// Waits until all hypotheses hold over a while and all services are converged.
  private Optional<End> awaitSteady(
      SteadyState steady, Journal journal, Watching watching, Duration within) {
    var limit = nanoTime.getAsLong() + within.toNanos();
    List<String> broken;
    do {
      var since = nanoTime.getAsLong();
      while (nanoTime.getAsLong() - since < LOOK.toNanos()) {
        picture(journal, watching);
        if (interrupts.await(TICK_NANOS)) {
          return Optional.of(new End(Outcome.INTERRUPTED, "ended by hand"));
        }
      }
      broken = new ArrayList<>(steady.broken(since, false));
      if (!watching.missing().isEmpty()) {
        broken.add(watching.missing());
      }
      if (broken.isEmpty()) {
        return Optional.empty();
      }
    } while (nanoTime.getAsLong() - limit < 0);
    return Optional.of(new End(Outcome.NOT_STEADY, String.join("; ", broken)));
  }

  /// Watches until all faults have ended; what ended it before, if something did.
  private Optional<End> watch(Journal journal, Watching watching, Load load, SteadyState steady) {
    while (!injectors.stream().allMatch(Injector::isOver)) {
      picture(journal, watching);
      if (interrupts.await(TICK_NANOS)) {
        journal.say("ended by hand: all faults are being undone");
        return Optional.of(new End(Outcome.INTERRUPTED, "ended by hand"));
      }
      var gap = load.workload().takeLongestGap();
      gapMillis = Math.max(gapMillis, gap.toMillis());
      var reached = abort(watching, gap);
      if (reached.isPresent()) {
        journal.say("abort: %s; all faults are being undone".formatted(reached.get()));
        return Optional.of(new End(Outcome.ABORTED, reached.get()));
      }
      var broken = steady.broken(nanoTime.getAsLong() - CONTINUOUS_WINDOW.toNanos(), true);
      if (!broken.isEmpty()) {
        journal.say("broken: %s; all faults are being undone".formatted(broken.getFirst()));
        return Optional.of(new End(Outcome.FAILED, String.join("; ", broken)));
      }
    }
    return Optional.empty();
  }

  private Optional<String> abort(Watching watching, Duration gap) {
    for (var condition : experiment.abort()) {
      var value =
          switch (condition.measure()) {
            case WRITE_GAP -> gap;
            case QUORUM_LOST -> watching.withoutLeader();
            case UNCONVERGED -> watching.unconvergedFor();
          };
      if (value.compareTo(condition.limit()) > 0) {
        return Optional.of("%s (it is %d ms)".formatted(condition, value.toMillis()));
      }
    }
    return Optional.empty();
  }

  private End judge(End end, Journal journal, Watching watching, Load load, History history)
      throws InterruptedException {
    if (end.outcome() == Outcome.NOT_STEADY || end.outcome() == Outcome.INTERRUPTED) {
      return end;
    }
    journal.say("judging what was recorded");
    load.workload().stopClients();
    // Those that are not told of everything even so are found by the check.
    load.workload().awaitWatchers(LOOK.plus(LOOK));
    var audit = new Audit(cluster.entries(), load.settings(), nanoTime);
    var found =
        new ArrayList<Verdict>(
            audit.of(history, load.workload().lastChange(), watching.reigns(), JUDGE_WITHIN));
    found.add(watching.slots());
    found.add(watching.endpoints());
    for (var check : experiment.verify()) {
      var unseen = unseen(check, watching);
      if (unseen.isPresent()) {
        verdicts.add(new Judged(check.verdict(), "skipped", unseen.get()));
        continue;
      }
      found.stream()
          .filter(verdict -> verdict.check().equals(check.verdict()))
          .findFirst()
          .map(Run::judged)
          .map(judged -> check == Check.SLOTS_UNIQUE ? limited(judged, watching) : judged)
          .or(() -> converged(check))
          .ifPresent(verdicts::add);
    }
    for (var verdict : verdicts) {
      journal.say("%s: %s %s".formatted(verdict.check(), verdict.verdict(), verdict.text()));
    }
    return conclude(end);
  }

  /// Why a check can't be made from here, if it can't.
  private Optional<String> unseen(Check check, Watching watching) {
    if (check == Check.ONE_LEADER_PER_TERM && !watching.seesTerms()) {
      return Optional.of("terms stand in the managers' logs, which can't be read from here");
    }
    if (check == Check.EQUAL_STATES && cluster.entries().size() < cluster.managers().size()) {
      return Optional.of(
          "only %d of %d managers are asked; name the others too: --via HOST"
              .formatted(cluster.entries().size(), cluster.managers().size()));
    }
    return Optional.empty();
  }

  /// What held is said to be no more than what was looked at.
  private static Judged limited(Judged judged, Watching watching) {
    return watching
        .unseenSlots()
        .filter(unseen -> judged.verdict().equals("held"))
        .map(unseen -> new Judged(judged.check(), judged.verdict(), judged.text() + " " + unseen))
        .orElse(judged);
  }

  private Optional<Judged> converged(Check check) {
    if (check != Check.CONVERGED) {
      return Optional.empty();
    }
    return Optional.of(
        recoveredMillis >= 0
            ? new Judged(check.verdict(), "held", "after " + recoveredMillis + " ms")
            : new Judged(
                check.verdict(),
                "violated",
                "not within " + Words.of(experiment.convergeWithin())));
  }

  private static Judged judged(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Held held -> new Judged(held.check(), "held", held.counts().toString());
      case Verdict.Violated violated ->
          new Judged(
              violated.check(),
              "violated",
              violated.what() + "\n" + String.join("\n", violated.witness()));
      case Verdict.Undecided undecided ->
          new Judged(undecided.check(), "undecided", undecided.why());
    };
  }

  /// The worst of all that was found.
  private End conclude(End end) {
    var violated = of("violated");
    if (!violated.isEmpty() && end.outcome() != Outcome.ABORTED) {
      return new End(Outcome.FAILED, String.join(", ", violated) + " does not hold");
    }
    if (end.outcome() != Outcome.PASSED) {
      return end;
    }
    // Whatever is neither done nor skipped has failed, also where nobody foresaw it.
    var failed =
        injectors.stream()
            .map(each -> each.bar().state())
            .filter(state -> !state.equals("done") && !state.startsWith("skipped"))
            .count();
    if (failed > 0) {
      return new End(Outcome.UNDECIDED, failed + " faults could not be injected or undone");
    }
    var undecided = of("undecided");
    if (!undecided.isEmpty()) {
      return new End(Outcome.UNDECIDED, String.join(", ", undecided) + " could not be found out");
    }
    var skipped =
        injectors.stream().filter(each -> each.bar().state().startsWith("skipped")).count();
    if (skipped == injectors.size()) {
      return new End(Outcome.UNDECIDED, "no step of the method can be done here");
    }
    var why = new StringBuilder(end.why());
    if (skipped > 0) {
      why.append("; %d steps were skipped".formatted(skipped));
    }
    var unseen = of("skipped");
    if (!unseen.isEmpty()) {
      why.append("; %s can't be seen from here".formatted(String.join(", ", unseen)));
    }
    return new End(Outcome.PASSED, why.toString());
  }

  private List<String> of(String verdict) {
    return verdicts.stream()
        .filter(judged -> judged.verdict().equals(verdict))
        .map(Judged::check)
        .toList();
  }

  private void picture(Journal journal, Watching watching) {
    if (screen.draws()) {
      screen.draw(
          Picture.of(
              journal.nowMillis(),
              injectors.stream().map(Injector::bar).toList(),
              watching.leader().orElse("?"),
              watching.missing(),
              screen.columns()));
    }
  }
}
