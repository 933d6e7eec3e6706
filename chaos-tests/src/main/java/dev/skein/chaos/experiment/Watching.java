package dev.skein.chaos.experiment;

import dev.skein.chaos.check.Convergence;
import dev.skein.chaos.check.Glimpse;
import dev.skein.chaos.check.LeaderTerms;
import dev.skein.chaos.check.LeaderTerms.Reign;
import dev.skein.chaos.check.UniqueEndpoints;
import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.experiment.RunRecord.Lead;
import dev.skein.chaos.experiment.RunRecord.Span;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.chaos.workload.Observer;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Looks at a cluster again and again while an experiment runs: who leads, what the tasks are,
/// whether all services have what they should. A thread of its own looks; any thread asks.
@SuppressWarnings("try") // Whoever closes it may be interrupted while waiting.
final class Watching implements AutoCloseable {

  private static final long PAUSE_NANOS = Duration.ofMillis(200).toNanos();
  private static final int ANSWER_SECONDS = 2;
  private static final int SPANS_MAX = 10_000;

  private final Cluster cluster;
  private final List<LabNode> logged;
  private final Journal journal;
  private final LongSupplier nanoTime;
  private final Map<String, Long> logPositions = new HashMap<>();
  private final SlotWatch slots;
  private final UniqueEndpoints endpoints = new UniqueEndpoints();
  private final List<Reign> reigns = new ArrayList<>();
  private final List<Lead> leads = new ArrayList<>();
  private final List<Span> unconverged = new ArrayList<>();
  private final Thread thread;
  private volatile boolean stopped;
  private volatile long leaderSeenNanos;
  private volatile long convergedNanos;
  private volatile String missing = "";
  private volatile @Nullable String leader;

  private Watching(Cluster cluster, Experiment experiment, Journal journal, LongSupplier nanoTime) {
    this.cluster = cluster;
    this.slots = SlotWatch.of(cluster, experiment.method());
    this.logged = cluster instanceof Lab lab ? lab.managers() : List.of();
    this.journal = journal;
    this.nanoTime = nanoTime;
    this.leaderSeenNanos = nanoTime.getAsLong();
    this.convergedNanos = leaderSeenNanos;
    this.thread = Thread.ofPlatform().daemon().name("watching").unstarted(this::run);
  }

  static Watching start(
      Cluster cluster, Experiment experiment, Journal journal, LongSupplier nanoTime)
      throws IOException {
    var watching = new Watching(cluster, experiment, journal, nanoTime);
    for (var manager : watching.logged) {
      watching.logPositions.put(manager.name(), Files.size(manager.log()));
    }
    watching.thread.start();
    return watching;
  }

  private void run() {
    while (!stopped) {
      leaders();
      glimpse();
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /// Those that the logs tell, with their terms; then who leads now, by the API.
  private synchronized void leaders() {
    for (var manager : logged) {
      try {
        var position = logPositions.getOrDefault(manager.name(), 0L);
        var text = manager.logFrom(position);
        // A line that is being written is read when it is whole.
        var whole = text.substring(0, text.lastIndexOf('\n') + 1);
        logPositions.put(
            manager.name(),
            position + whole.getBytes(java.nio.charset.StandardCharsets.UTF_8).length);
        for (var reign : LeaderTerms.of(manager.name(), whole.lines().toList())) {
          reigns.add(reign);
          leads.add(new Lead(reign.manager(), reign.term(), journal.nowMillis()));
          journal.say("%s leads (term %d)".formatted(reign.manager(), reign.term()));
        }
      } catch (IOException e) {
        // It is looked at again.
      }
    }
    var now = cluster.findLeader();
    if (now.isPresent()) {
      leaderSeenNanos = nanoTime.getAsLong();
      leader = now.get().name();
      if (leads.isEmpty()) {
        leads.add(new Lead(now.get().name(), 0, 0));
      }
    }
  }

  private void glimpse() {
    var prefix = Load.services(cluster);
    for (var entry : cluster.entries()) {
      try {
        var observer = new Observer(entry, ANSWER_SECONDS, nanoTime);
        observe(slots.look(() -> observer.glimpse(name -> name.startsWith(prefix))));
        return;
      } catch (IOException e) {
        // The next one.
      }
    }
    nothingSeen("no manager answers");
  }

  private synchronized void observe(Glimpse glimpse) {
    endpoints.observe(glimpse);
    if (Convergence.check(glimpse) instanceof Verdict.Violated not) {
      nothingSeen(not.witness().isEmpty() ? not.what() : not.witness().getFirst());
    } else {
      convergedNanos = nanoTime.getAsLong();
      missing = "";
    }
  }

  private synchronized void nothingSeen(String what) {
    missing = what;
    var now = journal.nowMillis();
    var from = journal.millisOf(convergedNanos);
    if (!unconverged.isEmpty() && unconverged.getLast().fromMillis() == from) {
      unconverged.removeLast();
    }
    if (unconverged.size() < SPANS_MAX) {
      unconverged.add(new Span(from, now, what));
    }
  }

  /// Whether the managers' logs, which tell terms, can be read.
  boolean seesTerms() {
    return !logged.isEmpty();
  }

  /// How long nobody has known a leader.
  Duration withoutLeader() {
    return Duration.ofNanos(nanoTime.getAsLong() - leaderSeenNanos);
  }

  /// How long a service has not had its tasks, and what is missing; zero when all have.
  Duration unconvergedFor() {
    return missing.isEmpty()
        ? Duration.ZERO
        : Duration.ofNanos(nanoTime.getAsLong() - convergedNanos);
  }

  /// What is missing; empty when nothing is.
  String missing() {
    return missing;
  }

  /// Who led when it was last known.
  Optional<String> leader() {
    return Optional.ofNullable(leader);
  }

  Verdict slots() {
    return slots.verdict();
  }

  /// What of a slot's tasks can't be seen from here, if something can't.
  Optional<String> unseenSlots() {
    return slots.unseen();
  }

  synchronized Verdict endpoints() {
    return endpoints.verdict();
  }

  synchronized List<Reign> reigns() {
    return List.copyOf(reigns);
  }

  synchronized List<Lead> leads() {
    return List.copyOf(leads);
  }

  synchronized List<Span> unconverged() {
    return List.copyOf(unconverged);
  }

  /// Ends the looking.
  @Override
  public void close() throws InterruptedException {
    stopped = true;
    thread.join(Duration.ofSeconds(10));
  }
}
