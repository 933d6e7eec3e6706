package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Tasks;
import dev.skein.chaos.cluster.TestCluster;
import dev.skein.chaos.cluster.TestNode;
import dev.skein.chaos.cluster.Writers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What befalls a cluster, and what must survive it. One cluster; each test goes on where the one
/// before it ended.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class CrashStoryTest {

  private static final int SNAPSHOT_ENTRIES = 100;

  /// That many entries are kept behind a snapshot, for followers that were away for a short time.
  private static final int KEPT_ENTRIES = 500;

  @RegisterExtension
  static final TestCluster CLUSTER =
      TestCluster.of(
          3, 2, "--dispatcher-heartbeat", "2s", "--snapshot-interval", "" + SNAPSHOT_ENTRIES);

  private static final Duration SOON = Duration.ofMinutes(2);

  /// What a cluster is given for the next acknowledged write after its leader was killed. On an
  /// idle machine it takes less than a second; here many daemons share few processors.
  private static final Duration WRITE_GAP_MAX = Duration.ofSeconds(20);

  private static final String SERVICE = "crash-idle";

  private final TestNode m1 = CLUSTER.node("m1");
  private final List<TestNode> managers = List.of(m1, CLUSTER.node("m2"), CLUSTER.node("m3"));

  private static void scale(TestNode manager, int replicas) {
    manager.cli().ok("service", "scale", "--detach", SERVICE + "=" + replicas);
  }

  @Test
  @Order(1)
  void theLeaderIsKilledDuringAScaleWhileWritesAreInFlight() throws Exception {
    m1.cli()
        .ok(
            "service",
            "create",
            "--name",
            SERVICE,
            "--replicas",
            "2",
            "--restart-delay",
            "0s",
            "--stop-grace-period",
            "1s",
            "--process",
            "--",
            "sleep",
            "100000");
    var leader = CLUSTER.leader();
    var others = managers.stream().filter(manager -> manager != leader).toList();
    try (var writers = Writers.start(4, managers)) {
      writers.awaitMore(30, SOON);
      scale(others.getFirst(), 10);
      writers.takeLongestGap();
      leader.killAll();
      writers.awaitMore(30, SOON);
      assertThat(writers.takeLongestGap()).isLessThan(WRITE_GAP_MAX);
      Tasks.awaitRunning(others.getFirst(), SERVICE, 10);
      leader.start();
      CLUSTER.awaitReady(5, 3);
      writers.stop();
      for (var manager : managers) {
        writers.requireKept(manager);
      }
      writers.removeServices(leader);
    }
    requireEachTaskRunsOnce(10);
  }

  /// Of each slot one task runs, and the processes that live are those of these tasks.
  private void requireEachTaskRunsOnce(int count) throws Exception {
    Await.until(
        "each of the " + count + " tasks runs once",
        SOON,
        () -> {
          var running = Tasks.awaitRunning(m1, SERVICE, count);
          assertThat(running).extracting(Tasks::slot).doesNotHaveDuplicates();
          assertThat(Tasks.alive(CLUSTER, SERVICE))
              .containsExactlyInAnyOrderElementsOf(Tasks.ids(running));
        });
  }

  @Test
  @Order(2)
  void allDaemonsAreKilledAndComeBackWithTheirStateAndTheirTasks() throws Exception {
    var services = m1.cli().ok("service", "ls", "--format", "{{.ID}} {{.Name}} {{.Replicas}}");
    var before = pids();
    for (var node : CLUSTER.nodes()) {
      node.kill();
    }
    assertThat(Tasks.alive(CLUSTER, SERVICE)).hasSize(10);
    for (var node : CLUSTER.nodes()) {
      node.launch();
    }
    for (var node : CLUSTER.nodes()) {
      node.awaitAnswer();
    }
    CLUSTER.awaitReady(5, 3);
    assertThat(m1.cli().ok("service", "ls", "--format", "{{.ID}} {{.Name}} {{.Replicas}}"))
        .isEqualTo(services);
    assertThat(pids()).as("the same processes, taken over").isEqualTo(before);
    requireEachTaskRunsOnce(10);
  }

  private Map<String, Long> pids() throws Exception {
    return Tasks.awaitRunning(m1, SERVICE, 10).stream()
        .collect(Collectors.toMap(Tasks::id, Tasks::pid));
  }

  @Test
  @Order(3)
  void aDeadWorkersReplicasRunElsewhereAndNothingRunsTwiceWhenItReturns() throws Exception {
    var w1 = CLUSTER.node("w1");
    var id = w1.id();
    assertThat(Tasks.running(m1, SERVICE)).anyMatch(task -> task.node().equals(id));
    w1.killAll();
    Await.until(
        "all tasks run elsewhere",
        SOON,
        () -> {
          var running = Tasks.running(m1, SERVICE);
          assertThat(running).hasSize(10);
          assertThat(running).noneMatch(task -> task.node().equals(id));
        });
    w1.start();
    CLUSTER.awaitReady(5, 3);
    requireEachTaskRunsOnce(10);
  }

  @Test
  @Order(4)
  void aFrozenWorkersReplicasRunElsewhereAndItStopsItsOwnWhenItThaws() throws Exception {
    var w2 = CLUSTER.node("w2");
    var id = w2.id();
    assertThat(Tasks.running(m1, SERVICE)).anyMatch(task -> task.node().equals(id));
    w2.pause();
    try {
      Await.until(
          "all tasks run elsewhere",
          SOON,
          () -> {
            var running = Tasks.running(m1, SERVICE);
            assertThat(running).hasSize(10);
            assertThat(running).noneMatch(task -> task.node().equals(id));
          });
    } finally {
      w2.resume();
    }
    CLUSTER.awaitReady(5, 3);
    requireEachTaskRunsOnce(10);
  }

  /// What it is asked while it is frozen it reads when it goes on, still as the leader that it was.
  @Test
  @Order(5)
  void aFrozenLeaderAnswersNothingFromBeforeWhenItThaws() throws Exception {
    var worker = CLUSTER.node("w1").id();
    for (var round = 1; round <= 3; round++) {
      var frozen = CLUSTER.leader();
      var other = managers.stream().filter(each -> each != frozen).findFirst().orElseThrow();
      var label = "round=" + round;
      var reads = new ArrayList<Future<String>>();
      try (var readers = Executors.newVirtualThreadPerTaskExecutor()) {
        frozen.pause();
        try {
          Await.until(
              "another manager leads and takes a change",
              SOON,
              () -> other.cli().ok("node", "update", "--label-add", label, worker));
          for (var i = 0; i < 20; i++) {
            reads.add(readers.submit(() -> labels(frozen, worker)));
          }
        } finally {
          frozen.resume();
        }
        for (var read : reads) {
          assertThat(read.get()).contains("\"round\":\"" + round + "\"");
        }
      }
      CLUSTER.awaitReady(5, 3);
    }
  }

  private static String labels(TestNode manager, String node) throws IOException {
    return manager.get("/nodes/" + node).getAsJsonObject("Spec").get("Labels").toString();
  }

  @Test
  @Order(6)
  void aFollowerFarBehindCatchesUpByASnapshot() throws Exception {
    var late = CLUSTER.follower();
    late.kill();
    var others = managers.stream().filter(TestNode::isRunning).toList();
    try (var writers = Writers.start(1, others)) {
      writers.awaitMore(10, SOON);
      // Only whole segments of the log are dropped, and a new leader's term begins another.
      var leader = CLUSTER.leader();
      leader.terminate();
      leader.start();
      writers.awaitMore(KEPT_ENTRIES + 5 * SNAPSHOT_ENTRIES, Duration.ofMinutes(3));
      writers.stop();
      late.start();
      CLUSTER.awaitReady(5, 3);
      writers.requireKept(late);
      writers.removeServices(late);
    }
    // Its API answers before: what it is asked goes to the leader.
    Await.until(
        "it was sent a snapshot",
        SOON,
        () -> assertThat(late.logTail()).contains("took over the leader's snapshot"));
    assertThat(late.cli().ok("service", "ls"))
        .isEqualTo(others.getFirst().cli().ok("service", "ls"));
  }

  @Test
  @Order(7)
  void managersArePromotedAndDemotedUnderLoad() throws Exception {
    try (var writers = Writers.start(2, managers)) {
      writers.awaitMore(10, SOON);
      m1.cli().ok("node", "promote", "w1", "w2");
      CLUSTER.awaitReady(5, 5);
      writers.awaitMore(10, SOON);
      CLUSTER.leader().cli().ok("node", "demote", "w1");
      CLUSTER.awaitReady(5, 4);
      CLUSTER.leader().cli().ok("node", "demote", "w2");
      CLUSTER.awaitReady(5, 3);
      writers.awaitMore(10, SOON);
      writers.stop();
      for (var manager : managers) {
        writers.requireKept(manager);
      }
      writers.removeServices(m1);
    }
  }

  @Test
  @Order(8)
  void withoutAQuorumCommandsFailInTimeAndReadsAreNotAnsweredStale() throws Exception {
    CLUSTER.node("m2").kill();
    CLUSTER.node("m3").kill();
    for (var words :
        List.of(
            List.of("service", "ls"),
            List.of("node", "ls"),
            List.of("service", "scale", "--detach", SERVICE + "=3"))) {
      var refused = m1.cli().run(words.toArray(String[]::new)).failed();
      assertThat(refused.err())
          .containsAnyOf("does not have a leader", "too few managers are online");
      assertThat(refused.millis()).isLessThan(30_000);
    }
    assertThat(Tasks.alive(CLUSTER, SERVICE)).as("tasks run on").hasSize(10);
  }

  @Test
  @Order(9)
  void aLostQuorumIsGivenUpByForceAndTheStateIsKept() throws Exception {
    var said = m1.cli().ok("swarm", "init", "--force-new-cluster");
    assertThat(said).contains("Swarm initialized");
    CLUSTER.awaitReady(3, 1);
    assertThat(m1.cli().ok("service", "ls", "--format", "{{.Name}}")).isEqualTo(SERVICE);
    Await.until(
        "all tasks run on the three nodes that are left",
        SOON,
        () -> assertThat(Tasks.running(m1, SERVICE)).hasSize(10));
    var token = m1.cli().ok("swarm", "join-token", "-q", "manager");
    for (var name : List.of("m2", "m3")) {
      var node = CLUSTER.node(name);
      var former = formerIds(name);
      node.start();
      node.cli().ok("swarm", "leave", "--force");
      CLUSTER.joinWith(node, m1, token).ok();
      for (var id : former) {
        m1.cli().ok("node", "rm", "--force", id);
      }
    }
    CLUSTER.awaitReady(5, 3);
    requireEachTaskRunsOnce(10);
    m1.cli().ok("service", "rm", SERVICE);
    Await.until(
        "all processes end", SOON, () -> assertThat(Tasks.alive(CLUSTER, SERVICE)).isEmpty());
  }

  private Set<String> formerIds(String name) {
    return m1.cli().run("node", "ls", "--format", "{{.ID}} {{.Hostname}}").lines().stream()
        .filter(line -> line.endsWith(" " + name))
        .map(line -> line.split(" ", 2)[0])
        .collect(Collectors.toSet());
  }
}
