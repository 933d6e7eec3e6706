package dev.skein.state.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.state.ratis.TestCluster.Member;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RaftNodeTest {
  @TempDir Path root;

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5})
  void aGroupElectsOneLeaderAndReplicates(int size) throws Exception {
    try (TestCluster cluster = TestCluster.of(size, root)) {
      assertThat(cluster.put("a", "1").result()).isEqualTo("");
      assertThat(cluster.put("a", "2").result()).isEqualTo("1");
      cluster.awaitEverywhere("a", "2");

      Member leader = cluster.awaitLeader();
      TestCluster.await("the event", () -> !leader.events.isEmpty());
      assertThat(leader.events.getLast()).isEqualTo("leader " + leader.node.term());
      assertThat(leader.node.peers()).hasSize(size).filteredOn(PeerStatus::leader).hasSize(1);
      for (Member follower : cluster.followers()) {
        assertThat(follower.node.leader()).contains(leader.id.id());
        assertThatThrownBy(() -> follower.node.propose(new byte[1]).get(5, TimeUnit.SECONDS))
            .cause()
            .isInstanceOfSatisfying(
                RaftException.NotLeader.class,
                refused -> assertThat(refused.leader()).isEqualTo(leader.id.id()));
      }
    }
  }

  @Test
  void votesAreMadeDurableBeforeTheyCount() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      Member leader = cluster.awaitLeader();
      assertThat(leader.node.durableVotes()).isPositive();
      assertThat(cluster.followers()).anyMatch(follower -> follower.node.durableVotes() > 0);
    }
  }

  @Test
  void manyWritersShareEntriesAndGetTheirOwnResults() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      Member leader = cluster.awaitLeader();
      List<CompletableFuture<Applied>> answers = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        answers.add(leader.node.propose(RegisterMachine.put("counter", Integer.toString(i))));
      }
      long entries = 0;
      long last = -1;
      for (int i = 0; i < answers.size(); i++) {
        Applied applied = answers.get(i).get(30, TimeUnit.SECONDS);
        assertThat(applied.result()).isEqualTo(i == 0 ? "" : Integer.toString(i - 1));
        assertThat(applied.index()).isGreaterThanOrEqualTo(last);
        entries += applied.index() > last ? 1 : 0;
        last = applied.index();
      }
      assertThat(entries).isLessThan(1000);
      cluster.awaitEverywhere("counter", "1999");
    }
  }

  @Test
  void whenTheLeaderDiesAnotherAcknowledgesAndNothingIsLost() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      for (int i = 0; i < 20; i++) {
        cluster.put("k" + i, "v");
      }
      Member dead = cluster.awaitLeader();
      cluster.stop(dead);
      cluster.put("after", "1");
      Member next = cluster.awaitLeader(dead.id.id());
      assertThat(next.machine.values()).hasSize(21);
      assertThat(dead.events.getLast()).startsWith("lost ");

      Member back = cluster.restart(dead.id.id());
      TestCluster.await("catching up", () -> back.machine.get("after").equals("1"));
      assertThat(back.machine.values()).isEqualTo(next.machine.values());
    }
  }

  @Test
  void aRestartOfAllKeepsEverything() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      for (int i = 0; i < 50; i++) {
        cluster.put("k" + i, "v" + i);
      }
      cluster.stopAll();
      for (String id : List.of("m1", "m2", "m3")) {
        cluster.restart(id);
      }
      cluster.put("again", "1");
      cluster.awaitEverywhere("again", "1");
      for (Member member : cluster.members.values()) {
        assertThat(member.machine.values()).hasSize(51).containsEntry("k49", "v49");
      }
    }
  }

  @Test
  void aMemberThatMissedPurgedEntriesCatchesUpBySnapshot() throws Exception {
    TestCluster cluster = new TestCluster(root, "c1");
    try (cluster) {
      cluster.bootstrap(3);
      Member away = cluster.followers().getFirst();
      cluster.put("first", "1");
      cluster.stop(away);
      Member leader = cluster.awaitLeader(away.id.id());
      // Purging drops whole closed segments of 8 MB, and keeps 500 entries.
      String filler = "x".repeat(20_000);
      List<CompletableFuture<Applied>> answers = new ArrayList<>();
      for (int i = 0; i < 1600; i++) {
        answers.add(leader.node.propose(RegisterMachine.put("k" + i % 100, filler + i)));
        if (answers.size() >= 2) {
          answers.removeFirst().get(10, TimeUnit.SECONDS);
        }
      }
      for (CompletableFuture<Applied> answer : answers) {
        answer.get(10, TimeUnit.SECONDS);
      }
      long snapshot = leader.node.snapshotNow().get(10, TimeUnit.SECONDS);
      assertThat(snapshot).isPositive();
      TestCluster.await("the purge", () -> !hasSegmentFromZero(leader));

      Member back = cluster.restart(away.id.id());
      TestCluster.await("catching up", () -> back.machine.get("k99").equals(filler + 1599));
      assertThat(back.machine.restores()).isPositive();
      TestCluster.await("a durable receipt", () -> back.node.durableReceipts() > 0);
      assertThat(leader.node.durableReceipts()).isZero();
      cluster.put("last", "1");
      TestCluster.await("following on", () -> back.machine.get("last").equals("1"));
      assertThat(back.machine.values()).isEqualTo(leader.machine.values());
      assertThat(back.failures).isEmpty();

      // What was installed must also be what it starts from.
      cluster.stop(back);
      Member again = cluster.restart(away.id.id());
      TestCluster.await("being back", () -> again.machine.get("last").equals("1"));
    }
  }

  private boolean hasSegmentFromZero(Member member) {
    try (Stream<Path> files = Files.walk(root.resolve(member.id.id()))) {
      return files.anyMatch(
          file ->
              file.getFileName().toString().startsWith("log_0-")
                  || file.getFileName().toString().equals("log_inprogress_0"));
    } catch (IOException | UncheckedIOException changing) {
      return true;
    }
  }

  @Test
  void membersAreAddedRemovedAndHandLeadershipOverUnderLoad() throws Exception {
    try (TestCluster cluster = TestCluster.of(1, root)) {
      cluster.put("load", "0");
      AtomicBoolean loading = new AtomicBoolean(true);
      Thread load =
          Thread.ofVirtual()
              .start(
                  () -> {
                    for (int i = 1; loading.get(); i++) {
                      cluster.put("load", Integer.toString(i));
                    }
                  });
      try {
        for (String id : List.of("m2", "m3")) {
          Member joined = cluster.joiner(id);
          cluster.awaitLeader().node.addPeer(joined.id).get(40, TimeUnit.SECONDS);
        }
        assertThat(cluster.awaitLeader().node.members()).hasSize(3);
        for (String id : List.of("m2", "m3", "m1")) {
          cluster.awaitLeader().node.transferLeadership(id).get(10, TimeUnit.SECONDS);
          TestCluster.await(id + " leading", () -> cluster.awaitLeader().id.id().equals(id));
        }
        cluster.awaitLeader().node.removePeer("m2").get(10, TimeUnit.SECONDS);
        Member removed = cluster.member("m2");
        TestCluster.await("the removal", () -> removed.events.contains("removed"));
        assertThat(removed.failures).isEmpty();
        cluster.stop(removed);
        cluster.members.remove("m2");
        assertThat(cluster.awaitLeader().node.members()).hasSize(2);
      } finally {
        loading.set(false);
        load.join();
      }
      cluster.put("end", "1");
      cluster.awaitEverywhere("end", "1");
      assertThat(cluster.members.values()).allMatch(member -> member.failures.isEmpty());
    }
  }

  @Test
  void aMemberThatJoinedIsNotTakenForRemovedWhenItReadsItsLogAgain() throws Exception {
    try (TestCluster cluster = TestCluster.of(1, root)) {
      for (String id : List.of("m2", "m3")) {
        Member joined = cluster.joiner(id);
        cluster.awaitLeader().node.addPeer(joined.id).get(40, TimeUnit.SECONDS);
      }
      for (int round = 0; round < 3; round++) {
        cluster.stopAll();
        for (String id : List.of("m1", "m2", "m3")) {
          cluster.restart(id);
        }
        cluster.put("round", Integer.toString(round));
        cluster.awaitEverywhere("round", Integer.toString(round));
        assertThat(cluster.members.values())
            .allSatisfy(member -> assertThat(member.events).doesNotContain("removed"));
      }
    }
  }

  @Test
  void removingWhatWouldLoseTheQuorumIsRefused() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      Member leader = cluster.awaitLeader();
      List<Member> followers = cluster.followers();
      cluster.stop(followers.get(0));
      Member alive = followers.get(1);
      TestCluster.await(
          "its silence",
          () ->
              leader.node.peers().stream()
                  .anyMatch(peer -> Boolean.FALSE.equals(peer.reachable())));
      assertThatThrownBy(() -> leader.node.removePeer(alive.id.id()).get(5, TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(RaftException.Refused.class)
          .hasMessageContaining("quorum");
      leader.node.removePeer(followers.get(0).id.id()).get(10, TimeUnit.SECONDS);
      assertThat(leader.node.members()).hasSize(2);
    }
  }

  @Test
  void aNewLeaderDoesNotTakeADeadMemberForReachable() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      Member dead = cluster.awaitLeader();
      cluster.stop(dead);
      Member leader = cluster.awaitLeader();
      TestCluster.await(
          "the silence of one and the answer of the other",
          () -> {
            Boolean reachable = status(leader, dead).reachable();
            assertThat(reachable).isNotEqualTo(true);
            return Boolean.FALSE.equals(reachable);
          });
      Member other =
          cluster.followers().stream().filter(each -> each != dead).findFirst().orElseThrow();
      assertThat(status(leader, other).reachable()).isTrue();
    }
  }

  private static PeerStatus status(Member observer, Member member) {
    return observer.node.peers().stream()
        .filter(peer -> peer.member().equals(member.id))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void withoutQuorumProposalsAndReadsFailWithinTheirDeadline() throws Exception {
    TestCluster cluster = new TestCluster(root, "c1");
    try (cluster) {
      cluster.proposalTimeout = Duration.ofSeconds(2);
      cluster.bootstrap(3);
      Member leader = cluster.awaitLeader();
      cluster.followers().forEach(cluster::stop);
      long started = System.nanoTime();
      CompletableFuture<Applied> write = leader.node.propose(RegisterMachine.put("a", "1"));
      CompletableFuture<Long> read = leader.node.readBarrier();
      assertThatThrownBy(() -> write.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(RaftException.class);
      assertThatThrownBy(() -> read.get(10, TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(RaftException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(3));
      assertThat(leader.machine.get("a")).isEmpty();
    }
  }

  /// By itself gRPC would wait longer and longer before it dials a member that is away.
  @Test
  void withoutAQuorumTheOthersAreDialledAgainAndAgainUntilALeaderIsElected() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      Member alone = cluster.awaitLeader();
      Member back = cluster.followers().getFirst();
      Member away = cluster.followers().getLast();
      cluster.stop(back);
      // Only who has stored this can be elected, and it has to dial the others for their votes.
      cluster.put("missed", "1");
      cluster.stop(away);
      cluster.members.remove(away.id.id());
      TestCluster.await("the others are dialled anew", () -> alone.node.reconnections() >= 2);
      cluster.restart(back.id.id());
      cluster.awaitLeader();
      cluster.awaitEverywhere("missed", "1");
    }
  }

  @Test
  void aReadBarrierSeesEveryWriteAcknowledgedBefore() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      Member leader = cluster.awaitLeader();
      for (int i = 0; i < 100; i++) {
        Applied applied = cluster.put("k", Integer.toString(i));
        assertThat(leader.node.readBarrier().get(5, TimeUnit.SECONDS))
            .isGreaterThanOrEqualTo(applied.index());
        assertThat(leader.machine.get("k")).isEqualTo(Integer.toString(i));
      }
    }
  }

  @Test
  void readBarriersWriteNothingWhileAMajorityAnswers() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      Member leader = cluster.awaitLeader();
      cluster.put("k", "1");
      // A first question waits for its connection, and a slow one is answered by an entry.
      TestCluster.await("a read without an entry", () -> readsWithoutEntry(leader.node));
      cluster.stop(cluster.followers().getFirst());
      TestCluster.await("a read of two members", () -> readsWithoutEntry(leader.node));
    }
  }

  private static boolean readsWithoutEntry(RaftNode leader) {
    long before = leader.appliedIndex();
    leader.readBarrier().join();
    return leader.appliedIndex() == before;
  }

  @Test
  void aMemberTellsItsTermOnlyWhenItIsTheOneThatWasAsked() throws Exception {
    try (TestCluster cluster = TestCluster.of(1, root);
        TermService asking = new TermService("m9", () -> null, null, System::nanoTime)) {
      Member member = cluster.awaitLeader();
      assertThat(asking.term(member.id).get(5, TimeUnit.SECONDS)).isEqualTo(member.node.term());
      RaftMember former = new RaftMember("m0", member.id.host(), member.id.port());
      assertThatThrownBy(() -> asking.term(former).get(5, TimeUnit.SECONDS))
          .hasStackTraceContaining("this is m1, not m0");
    }
  }

  @Test
  void aForcedNewClusterKeepsTheDataOfItsOnlyMember() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      for (int i = 0; i < 30; i++) {
        cluster.put("k" + i, "v");
      }
      cluster.awaitEverywhere("k29", "v");
      cluster.stopAll();
      Member survivor = cluster.members.values().iterator().next();
      cluster.members.clear();
      RaftNode.forceNewCluster(cluster.directory(survivor.id.id()), survivor.id);
      Member alone = cluster.start(survivor.id, List.of());
      cluster.put("after", "1");
      assertThat(alone.machine.values()).hasSize(31);
      assertThat(alone.node.members()).containsExactly(survivor.id);

      Member joined = cluster.joiner("m9");
      alone.node.addPeer(joined.id).get(40, TimeUnit.SECONDS);
      cluster.awaitEverywhere("after", "1");
      assertThat(joined.machine.values()).hasSize(31);
    }
  }

  @Test
  void aRunningDirectoryIsNotForced() throws Exception {
    try (TestCluster cluster = TestCluster.of(1, root)) {
      Member only = cluster.awaitLeader();
      assertThatThrownBy(() -> RaftNode.forceNewCluster(cluster.directory(only.id.id()), only.id))
          .isInstanceOf(RaftStorageException.class)
          .hasMessageContaining("in use");
    }
  }

  @Test
  void recordsAreRefusedAboveTheirLimitAndTakenAtIt() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      Member leader = cluster.awaitLeader();
      byte[] largest = new byte[RaftLimits.RECORD_BYTES_MAX];
      largest[1] = '=';
      leader.node.propose(largest).get(10, TimeUnit.SECONDS);
      assertThatThrownBy(
              () -> leader.node.propose(new byte[largest.length + 1]).get(5, TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(RaftException.TooLarge.class)
          .hasMessageContaining(Integer.toString(largest.length + 1));
      assertThat(leader.node.isLeader()).isTrue();
    }
  }

  @Test
  void aTakenPortIsAnExceptionThatNamesIt() throws Exception {
    try (TestCluster cluster = TestCluster.of(1, root)) {
      RaftMember taken = cluster.awaitLeader().id;
      RaftMember second = new RaftMember("m2", taken.host(), taken.port());
      assertThatThrownBy(() -> cluster.start(second, List.of(second)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(taken.host() + ":" + taken.port());
      cluster.put("still", "1");
    }
  }
}
