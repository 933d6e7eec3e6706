package dev.skein.chaos.experiment;

import dev.skein.chaos.experiment.RunRecord.Bar;
import dev.skein.chaos.fault.Injection;
import dev.skein.chaos.fault.NotNowException;
import dev.skein.chaos.fault.Site;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Member;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// One step of a method: waits for its time, injects the fault, waits for its end, undoes it.
/// A thread of its own, so that a fault that takes long to undo delays no other.
final class Injector {

  private static final Duration LEADER_WITHIN = Duration.ofSeconds(15);
  private static final String WAITS_FOR_MANAGERS = "waits for managers";

  /// A wait that is not worth a line.
  private static final Duration UNTOLD = Duration.ofSeconds(1);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

  private final Cluster cluster;
  private final Plan.Entry entry;
  private final Experiment experiment;
  private final Journal journal;
  private final Quorum quorum;
  private final Duration quorumWithin;
  private final CountDownLatch stop;
  private final Thread thread;
  private SplittableRandom random;
  private long methodMillis;
  private volatile String state;
  private volatile String node = "";
  private volatile long beginMillis = -1;
  private volatile long endMillis = -1;

  /// @param quorumWithin how long it waits for managers that it can't be without
  /// @param stop ends all faults early when it is counted down
  Injector(
      Cluster cluster,
      Plan.Entry entry,
      Experiment experiment,
      Journal journal,
      Quorum quorum,
      Duration quorumWithin,
      CountDownLatch stop) {
    this.cluster = cluster;
    this.entry = entry;
    this.experiment = experiment;
    this.journal = journal;
    this.quorum = quorum;
    this.quorumWithin = quorumWithin;
    this.stop = stop;
    this.random = chance();
    this.state = entry.skipped().map(why -> "skipped: " + why).orElse("waits");
    this.thread = Thread.ofPlatform().name("step-" + entry.number()).unstarted(this::run);
  }

  /// Each step has chance of its own, so that a step that is left out changes no other.
  private SplittableRandom chance() {
    return new SplittableRandom(experiment.seed() * 31 + entry.number());
  }

  /// Begins to wait for its time.
  void start() {
    methodMillis = journal.nowMillis();
    if (entry.skipped().isPresent()) {
      journal.say("step %d %s is %s".formatted(entry.number(), label(), state));
    } else {
      thread.start();
    }
  }

  /// Waits until it is over.
  void join() throws InterruptedException {
    if (entry.skipped().isEmpty()) {
      thread.join();
    }
  }

  boolean isOver() {
    return !thread.isAlive();
  }

  String label() {
    return entry.step().fault().name() + " " + entry.step().target();
  }

  private void run() {
    var step = entry.step();
    try {
      if (sleep(step.at())) {
        state = "not begun";
        return;
      }
      var chosen = awaitTurn(step);
      if (chosen.isEmpty()) {
        state = "not begun";
        return;
      }
      // Also where it had to wait, it lasts as long as it is meant to.
      var end = step.lasts().plusMillis(journal.nowMillis() - methodMillis);
      var injection = inject(step, chosen.get());
      if (step.fault().lasting()) {
        sleep(end);
      }
      state = "ending";
      injection.end();
      give(step, chosen.get());
      endMillis = journal.nowMillis();
      state = "done";
      if (step.fault().lasting()) {
        journal.say("%s at %s has ended".formatted(step.fault().name(), node));
      }
    } catch (NotNowException e) {
      endMillis = journal.nowMillis();
      state = "skipped: " + e.why();
      journal.say("step %d %s is %s".formatted(entry.number(), label(), state));
    } catch (IOException e) {
      endMillis = journal.nowMillis();
      state = "failed: " + e.getMessage();
      journal.say("step %d %s %s".formatted(entry.number(), label(), state));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// The node that it befalls, once the managers can do without it.
  ///
  /// @return empty if the run was ended meanwhile
  /// @throws NotNowException if they can't in time
  private Optional<Member> awaitTurn(Experiment.Step step)
      throws IOException, InterruptedException {
    if (!step.fault().lasting()) {
      return Optional.of(choose(step.target()));
    }
    var begin = journal.nowMillis();
    var index = quorum.highest();
    while (true) {
      // The same chance for each look.
      random = chance();
      var chosen = choose(step.target());
      var refusal = quorum.take(chosen, index);
      if (refusal.isEmpty()) {
        return Optional.of(chosen);
      }
      if (journal.nowMillis() - begin >= quorumWithin.toMillis()) {
        throw new NotNowException(refusal.get());
      }
      if (!state.equals(WAITS_FOR_MANAGERS) && journal.nowMillis() - begin > UNTOLD.toMillis()) {
        state = WAITS_FOR_MANAGERS;
        journal.say("step %d %s waits: %s".formatted(entry.number(), label(), refusal.get()));
      }
      if (stop.await(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS)) {
        return Optional.empty();
      }
    }
  }

  private void give(Experiment.Step step, Member member) {
    if (step.fault().lasting()) {
      quorum.give(member);
    }
  }

  private Injection inject(Experiment.Step step, Member chosen) throws IOException {
    node = chosen.name();
    beginMillis = journal.nowMillis();
    state = "in force";
    journal.say(
        "%s at %s%s%s"
            .formatted(
                step.fault().name(),
                node,
                step.target().kind() == Target.Kind.NAMED ? "" : " (" + step.target() + ")",
                step.options().isEmpty() ? "" : " " + step.options()));
    var site = new Site(cluster, chosen, step.options(), experiment.guard().deadman(), random);
    try {
      return step.fault().inject(step.fault().lasting() ? site.lasting(step.lasts()) : site);
    } catch (NotNowException e) {
      // It has done nothing. What failed in another way may be in force in part.
      give(step, chosen);
      throw e;
    }
  }

  private Member choose(Target target) throws IOException {
    return switch (target.kind()) {
      case LEADER -> any(List.of(cluster.leader(LEADER_WITHIN)));
      case FOLLOWER -> any(cluster.followers(LEADER_WITHIN));
      case MANAGER -> any(cluster.managers());
      case WORKER -> any(cluster.workers());
      case ANY -> any(cluster.nodes());
      case NAMED -> cluster.node(target.word());
    };
  }

  /// One of those that run and may be hurt: a dead node can't be.
  private Member any(List<? extends Member> nodes) throws IOException {
    var alive = new ArrayList<Member>();
    var forbidden = "no such node runs";
    for (var each : nodes) {
      if (each.forbidden().isPresent()) {
        forbidden = each.forbidden().get();
      } else if (each.isRunning()) {
        alive.add(each);
      }
    }
    if (alive.isEmpty()) {
      throw new NotNowException(forbidden);
    }
    return alive.get(random.nextInt(alive.size()));
  }

  /// Waits until a time of the method.
  ///
  /// @return whether the run was ended meanwhile
  private boolean sleep(Duration until) throws InterruptedException {
    var left = methodMillis + until.toMillis() - journal.nowMillis();
    return stop.await(Math.max(0, left), TimeUnit.MILLISECONDS);
  }

  /// What became of it so far.
  Bar bar() {
    var step = entry.step();
    var end = endMillis >= 0 || beginMillis < 0 ? endMillis : journal.nowMillis();
    return new Bar(
        entry.number(),
        step.fault().name(),
        step.target().word(),
        node,
        step.options().isEmpty() ? "" : step.options().toString(),
        beginMillis,
        end,
        state);
  }
}
