package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.check.LeaderTerms;
import dev.skein.chaos.check.LeaderTerms.Reign;
import dev.skein.chaos.check.Linearizability;
import dev.skein.chaos.check.Verdict;
import dev.skein.chaos.cluster.TestCluster;
import dev.skein.chaos.cluster.TestNode;
import dev.skein.chaos.history.History;
import dev.skein.chaos.history.Kind;
import dev.skein.chaos.history.Operation;
import dev.skein.chaos.history.Outcome;
import dev.skein.chaos.workload.Audit;
import dev.skein.chaos.workload.Lookout;
import dev.skein.chaos.workload.Manager;
import dev.skein.chaos.workload.Workload;
import dev.skein.chaos.workload.WorkloadSettings;
import dev.skein.cli.client.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// A workload goes on while managers die, hang and return, and all that the checkers ask for holds.
final class WorkloadStoryTest {
  private static final Duration SOON = Duration.ofMinutes(2);

  private static final String APP = "app";

  /// A node whose daemon hangs, or was killed, keeps its tasks until the daemon is back.
  private static final Duration OVERLAP_MAX = Duration.ofMinutes(1);

  @RegisterExtension static final TestCluster CLUSTER = TestCluster.of(3, 0);

  private static List<Manager> managers() {
    return CLUSTER.nodes().stream()
        .map(node -> new Manager(node.name(), Endpoint.parse(node.host())))
        .toList();
  }

  private static List<Reign> reigns() throws IOException {
    var reigns = new ArrayList<Reign>();
    for (var node : CLUSTER.nodes()) {
      reigns.addAll(LeaderTerms.of(node.name(), Files.readAllLines(node.log())));
    }
    return reigns;
  }

  @Test
  void whatWasAcknowledgedHoldsThroughKilledAndHangingManagers(@TempDir Path directory)
      throws Exception {
    var file = directory.resolve("history.jsonl");
    var settings = WorkloadSettings.of(20_261_122);
    CLUSTER
        .node("m1")
        .cli()
        .ok(
            "service",
            "create",
            "--name",
            APP,
            "--replicas",
            "2",
            "--process",
            "--publish",
            "mode=host,published=18097,target=80",
            "--",
            "sleep",
            "9999");
    try (var history = History.to(file);
        var workload = Workload.start(settings, managers(), history, System::nanoTime);
        var lookout =
            Lookout.start(
                managers(), APP::equals, OVERLAP_MAX, settings.answerSeconds(), System::nanoTime)) {
      assertThat(workload.awaitChanges(1_000, SOON)).isTrue();
      var killed = CLUSTER.leader();
      killed.killAll();
      assertThat(workload.awaitChanges(500, SOON)).isTrue();
      killed.start();
      hang(CLUSTER.leader(), workload);
      var follower = CLUSTER.follower();
      follower.kill();
      assertThat(workload.awaitChanges(500, SOON)).isTrue();
      follower.start();
      assertThat(workload.awaitChanges(500, SOON)).isTrue();
      CLUSTER.awaitReady(3, 3);
      workload.stopClients();
      assertThat(workload.awaitWatchers(SOON)).isTrue();
      var verdicts =
          new Audit(managers(), settings, System::nanoTime)
              .of(history, workload.lastChange(), reigns(), SOON);
      assertThat(verdicts).hasSize(6).allSatisfy(WorkloadStoryTest::assertHeld);
      requireVariety(history.operations());
      assertHeld(lookout.awaitConvergence(SOON));
      assertThat(lookout.verdicts()).hasSize(2).allSatisfy(WorkloadStoryTest::assertHeld);
    }
    requireToBeCaughtWhenForged(History.read(file).operations());
  }

  /// A hanging leader is not gone: its clients wait, and when it goes on it still takes itself for
  /// the leader for a moment.
  private static void hang(TestNode leader, Workload workload) throws Exception {
    leader.pause();
    try {
      assertThat(workload.awaitChanges(100, SOON)).isTrue();
    } finally {
      leader.resume();
    }
    assertThat(workload.awaitChanges(300, SOON)).isTrue();
  }

  private static void assertHeld(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Held.class);
  }

  /// Each kind was acknowledged, stale changes were refused, and some outcomes are unknown: else
  /// the run has proved little.
  private static void requireVariety(List<Operation> operations) {
    for (var kind : Kind.values()) {
      assertThat(operations)
          .as("acknowledged: " + kind)
          .anyMatch(operation -> operation.kind() == kind && operation.outcome() == Outcome.DONE);
    }
    assertThat(operations)
        .anyMatch(
            operation ->
                operation.kind() == Kind.COMPARE_AND_SET && operation.outcome() == Outcome.REFUSED)
        .anyMatch(operation -> operation.outcome() == Outcome.UNKNOWN);
  }

  /// The same history with one read of what had been replaced before.
  private static void requireToBeCaughtWhenForged(List<Operation> operations) {
    var forged = new ArrayList<>(operations);
    for (var i = 0; i < forged.size(); i++) {
      var read = forged.get(i);
      var old = read.kind() == Kind.READ ? replacedBefore(read, operations) : null;
      if (old != null) {
        forged.set(
            i,
            new Operation(
                read.client(),
                read.key(),
                read.kind(),
                old.content(),
                0,
                Outcome.DONE,
                "",
                read.index(),
                read.invokedNanos(),
                read.returnedNanos(),
                read.manager()));
        assertThat(Linearizability.check(forged)).isInstanceOf(Verdict.Violated.class);
        return;
      }
    }
    throw new AssertionError("no object was read after it had been changed twice");
  }

  private static @Nullable Operation replacedBefore(Operation read, List<Operation> operations) {
    var changes =
        operations.stream()
            .filter(Operation::isAcknowledgedChange)
            .filter(change -> change.key().equals(read.key()) && change.content() != null)
            .filter(change -> change.returnedNanos() < read.invokedNanos())
            .toList();
    for (var change : changes) {
      if (changes.getLast().invokedNanos() > change.returnedNanos()) {
        return change;
      }
    }
    return null;
  }
}
