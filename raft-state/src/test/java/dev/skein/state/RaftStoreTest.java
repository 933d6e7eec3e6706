package dev.skein.state;

import static dev.skein.state.Fixtures.cluster;
import static dev.skein.state.Fixtures.node;
import static dev.skein.state.Fixtures.service;
import static dev.skein.state.Fixtures.set;
import static dev.skein.state.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.proto.v1.ChangeSet;
import dev.skein.state.ratis.RaftConfig;
import dev.skein.state.ratis.RaftListener;
import dev.skein.state.ratis.RaftMember;
import dev.skein.state.ratis.RaftNode;
import dev.skein.state.ratis.RaftTiming;
import dev.skein.state.ratis.RatisLogging;
import dev.skein.state.seal.Keyring;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The state over real Raft, on loopback.
@Timeout(120)
class RaftStoreTest {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  static {
    RatisLogging.quiet();
  }

  private final Keyring keyring = Keyring.generate(new SecureRandom());
  private final List<Manager> managers = new ArrayList<>();
  @TempDir private Path directory;

  private record Manager(RaftMember member, RaftNode node, RaftStore store) {}

  @AfterEach
  void stop() {
    managers.forEach(manager -> manager.node().close());
  }

  @Test
  void threeManagersHaveTheSameStateAtTheSameIndex() throws IOException {
    start(3);
    var leader = awaitLeader();
    try (var watch = leader.store().watch()) {
      commit(leader, set(ChangeSets.create(cluster("c")), ChangeSets.create(node("n1"))));
      commit(leader, set(ChangeSets.create(service("s", "web"))));
      var proposals =
          List.of("t1", "t2", "t3").stream()
              .map(id -> leader.store().propose(set(ChangeSets.create(task(id, "s", 1)))))
              .toList();
      var index = 0L;
      for (var proposal : proposals) {
        index = Math.max(index, proposal.join());
      }
      assertThat(leader.store().state().tasks().size()).isEqualTo(3);
      var last = index;
      await("all managers at " + last, () -> atLeast(last));
      var digest = SnapshotCodec.digest(leader.store().state());
      for (var manager : managers) {
        assertThat(SnapshotCodec.digest(manager.store().state())).isEqualTo(digest);
      }
      assertThat(watch.poll())
          .isInstanceOfSatisfying(Commit.class, commit -> assertThat(commit.changes()).hasSize(2));
    }
  }

  @Test
  void aConflictAndATooLargeSetAreToldAndAFollowerRefuses() throws IOException {
    start(3);
    var leader = awaitLeader();
    commit(leader, set(ChangeSets.create(node("n1"))));
    assertThatThrownBy(() -> commit(leader, set(ChangeSets.create(node("n1")))))
        .isInstanceOf(StoreException.ConflictException.class)
        .hasMessage("node n1 already exists");
    var large = node("n2").toBuilder();
    large.getSpecBuilder().putLabels("l", "x".repeat(Limits.BYTES_PER_OBJECT));
    assertThatThrownBy(() -> commit(leader, set(ChangeSets.create(large.build()))))
        .isInstanceOf(StoreException.TooLargeException.class);
    var follower =
        managers.stream().filter(manager -> !manager.equals(leader)).findFirst().orElseThrow();
    await("a known leader", () -> follower.node().leader().isPresent());
    assertThatThrownBy(() -> commit(follower, set(ChangeSets.create(node("n3")))))
        .isInstanceOfSatisfying(
            StoreException.NotLeaderException.class,
            refusal -> assertThat(refusal.leader()).isEqualTo(leader.member().id()));
    assertThatThrownBy(() -> joined(follower.store().read()))
        .isInstanceOf(StoreException.NotLeaderException.class);
  }

  @Test
  void aReadSeesWhatWasAcknowledgedBefore() throws IOException {
    start(1);
    var leader = awaitLeader();
    for (var i = 1; i <= 20; i++) {
      commit(leader, set(ChangeSets.create(node("n" + i))));
      assertThat(joined(leader.store().read()).nodes().size()).isEqualTo(i);
    }
  }

  @Test
  void aRestartedManagerHasItsStateFromTheSnapshotAndTheLog() throws IOException {
    start(1);
    var first = awaitLeader();
    commit(first, set(ChangeSets.create(cluster("c")), ChangeSets.create(service("s", "web"))));
    first.node().snapshotNow().join();
    commit(first, set(ChangeSets.create(task("t", "s", 1))));
    var digest = SnapshotCodec.digest(first.store().state());
    first.node().close();
    managers.clear();
    start(first.member(), List.of());
    var again = awaitLeader();
    assertThat(SnapshotCodec.digest(joined(again.store().read()))).isEqualTo(digest);
    assertThat(again.store().state().taskCountOfService("s")).isEqualTo(1);
  }

  private void start(int size) throws IOException {
    var members = new ArrayList<RaftMember>();
    for (var i = 1; i <= size; i++) {
      try (var port = new ServerSocket(0, 1, InetAddress.getByName("127.0.42." + i))) {
        members.add(new RaftMember("m" + i, "127.0.42." + i, port.getLocalPort()));
      }
    }
    for (var member : members) {
      start(member, members);
    }
  }

  private void start(RaftMember member, List<RaftMember> bootstrap) throws IOException {
    var machine = new ClusterMachine();
    var node =
        new RaftNode(
            new RaftConfig(
                "c",
                member,
                member.host(),
                directory.resolve(member.id()),
                bootstrap,
                RaftTiming.DEFAULT,
                null,
                RaftConfig.SNAPSHOT_ENTRIES),
            machine,
            keyring,
            new RaftListener() {},
            new SecureRandom(),
            System::nanoTime);
    managers.add(new Manager(member, node, new RaftStore(node, machine)));
    node.start();
  }

  private Manager awaitLeader() {
    await("a leader", () -> managers.stream().anyMatch(manager -> manager.node().isLeader()));
    return managers.stream().filter(manager -> manager.node().isLeader()).findFirst().orElseThrow();
  }

  private boolean atLeast(long index) {
    return managers.stream().allMatch(manager -> manager.store().state().index() >= index);
  }

  private static void commit(Manager manager, ChangeSet set) {
    joined(manager.store().propose(set));
  }

  private static <T> T joined(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof StoreException told) {
        throw told;
      }
      throw failure;
    }
  }

  private static void await(String what, BooleanSupplier condition) {
    var deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited too long for " + what);
      }
      LockSupport.parkNanos(5_000_000);
    }
  }
}
