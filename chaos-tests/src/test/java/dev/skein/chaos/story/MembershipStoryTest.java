package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.TestCluster;
import dev.skein.chaos.cluster.TestNode;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/// How nodes enter a swarm, change their role in it and leave it. One cluster; each test goes on
/// where the one before it ended.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class MembershipStoryTest {

  @RegisterExtension static final TestCluster CLUSTER = TestCluster.outsiders(5);

  private static final Duration SOON = Duration.ofMinutes(2);

  private final TestNode n1 = CLUSTER.node("n1");
  private final TestNode n2 = CLUSTER.node("n2");
  private final TestNode n3 = CLUSTER.node("n3");
  private final TestNode n4 = CLUSTER.node("n4");
  private final TestNode n5 = CLUSTER.node("n5");

  @BeforeEach
  void everyDaemonRuns() {
    assertThat(CLUSTER.running()).hasSameSizeAs(CLUSTER.nodes());
  }

  @Test
  @Order(1)
  void aNodeOutsideAnySwarmSaysHowToGetIntoOne() {
    assertThat(n1.cli().fails("node", "ls"))
        .contains("This node is not a swarm manager")
        .contains("swarm init");
    assertThat(n1.cli().fails("service", "ls")).contains("not a swarm manager");
    assertThat(n1.cli().fails("swarm", "leave")).contains("not part of a swarm");
  }

  @Test
  @Order(2)
  void theFirstManagerFoundsTheSwarm() throws IOException {
    var said =
        n1.cli()
            .ok(
                "swarm",
                "init",
                "--advertise-addr",
                n1.rpc(),
                "--listen-addr",
                n1.rpc(),
                "--dispatcher-heartbeat",
                "1s");
    assertThat(said)
        .startsWith("Swarm initialized: current node (")
        .contains("skein swarm join --token SWMTKN-1-", n1.rpc());
    assertThat(n1.cli().ok("node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}"))
        .isEqualTo("n1 Leader");
    assertThat(
            n1.cli()
                .fails("swarm", "init", "--advertise-addr", n1.rpc(), "--listen-addr", n1.rpc()))
        .contains("already part of a swarm");
  }

  @Test
  @Order(3)
  void badTokensAreRefused() throws Exception {
    var foreign = CLUSTER.addStranger("foreign");
    foreign.start();
    CLUSTER.init(foreign);
    var worker = n1.cli().ok("swarm", "join-token", "-q", "worker");
    assertThat(CLUSTER.joinWith(n2, n1, "SWMTKN-1-nonsense").failed().err())
        .contains("invalid join token");
    var secret = worker.substring(worker.lastIndexOf('-') + 1);
    var guessed = worker.replace(secret, "0".repeat(secret.length()));
    assertThat(CLUSTER.joinWith(n2, n1, guessed).failed().err()).contains("token");
    assertThat(CLUSTER.joinWith(n2, foreign, worker).failed().err())
        .contains("remote CA does not match fingerprint");
    assertThat(n2.cli().ok("info", "--format", "{{.Swarm.LocalNodeState}}")).isEqualTo("inactive");
    foreign.kill();
  }

  @Test
  @Order(4)
  void anUnreachableManagerIsReportedInTime() {
    var token = n1.cli().ok("swarm", "join-token", "-q", "worker");
    // The daemon n2 is outside of any swarm: nobody listens at its address.
    var refused = CLUSTER.joinWith(n2, n2, token).failed();
    assertThat(refused.err()).contains("could not reach the manager at " + n2.rpc());
    assertThat(refused.millis()).isLessThan(20_000);
  }

  @Test
  @Order(5)
  void managersAndWorkersJoin() throws Exception {
    CLUSTER.join(n2, n1, "manager");
    CLUSTER.join(n3, n2, "manager");
    CLUSTER.join(n4, n3, "worker");
    CLUSTER.join(n5, n1, "worker");
    CLUSTER.awaitReady(5, 3);
    assertThat(n3.cli().ok("node", "ls", "--filter", "role=worker", "--format", "{{.Hostname}}"))
        .isEqualTo("n4\nn5");
    var token = n1.cli().ok("swarm", "join-token", "-q", "worker");
    assertThat(CLUSTER.joinWith(n4, n1, token).failed().err()).contains("already part of a swarm");
  }

  @Test
  @Order(6)
  void anyManagerAnswersAndAWorkerSaysThatItIsNone() {
    for (var manager : new TestNode[] {n1, n2, n3}) {
      assertThat(manager.cli().ok("node", "inspect", "n5", "--format", "{{.Spec.Role}}"))
          .isEqualTo("worker");
      assertThat(manager.cli().ok("node", "inspect", "--pretty", "self"))
          .contains("Hostname:", manager.name(), "Manager Status:");
    }
    assertThat(n1.cli().ok("node", "ps", "n4")).startsWith("ID");
    assertThat(n4.cli().fails("node", "ls"))
        .contains("This node is not a swarm manager. Worker nodes can't be used to view or modify");
    assertThat(n1.cli().fails("node", "inspect", "nobody")).contains("no such node: nobody");
  }

  @Test
  @Order(7)
  void aRotatedTokenIsRefusedAndItsSuccessorTaken() throws Exception {
    var former = n2.cli().ok("swarm", "join-token", "-q", "worker");
    assertThat(n2.cli().ok("swarm", "join-token", "--rotate", "worker"))
        .contains("Successfully rotated worker join token.");
    var present = n2.cli().ok("swarm", "join-token", "-q", "worker");
    assertThat(present).isNotEqualTo(former);
    n5.cli().ok("swarm", "leave");
    assertThat(CLUSTER.joinWith(n5, n1, former).failed().err()).contains("token");
    CLUSTER.joinWith(n5, n1, present).ok();
    Await.until(
        "the former n5 is down",
        SOON,
        () ->
            assertThat(n1.cli().ok("node", "ls", "--format", "{{.Hostname}} {{.Status}}"))
                .contains("n5 Down", "n5 Ready"));
    for (var line : n1.cli().run("node", "ls", "--format", "{{.ID}} {{.Status}}").lines()) {
      if (line.endsWith(" Down")) {
        n1.cli().ok("node", "rm", line.split(" ", 2)[0]);
      }
    }
    CLUSTER.awaitReady(5, 3);
  }

  @Test
  @Order(8)
  void aWorkerIsPromotedAndDemoted() throws Exception {
    assertThat(n1.cli().ok("node", "promote", "n4"))
        .isEqualTo("Node n4 promoted to a manager in the swarm.");
    CLUSTER.awaitReady(5, 4);
    Await.until(
        "n4 answers as a manager",
        SOON,
        () -> assertThat(n4.cli().ok("node", "ls")).contains("n1"));
    assertThat(n4.cli().ok("node", "demote", "n4")).isEqualTo("Manager n4 demoted in the swarm.");
    CLUSTER.awaitReady(5, 3);
    Await.until(
        "n4 says that it is no manager",
        SOON,
        () -> assertThat(n4.cli().fails("node", "ls")).contains("not a swarm manager"));
  }

  @Test
  @Order(9)
  void theLeaderCanBeDemotedAndPromotedAgain() throws Exception {
    var leader = CLUSTER.leader();
    leader.cli().ok("node", "demote", leader.name());
    CLUSTER.awaitReady(5, 2);
    var other = CLUSTER.leader();
    assertThat(other).isNotSameAs(leader);
    other.cli().ok("node", "promote", leader.name());
    CLUSTER.awaitReady(5, 3);
  }

  @Test
  @Order(10)
  void aManagerAsksBeforeItLeaves() {
    assertThat(n3.cli().fails("swarm", "leave"))
        .contains("You are attempting to leave the swarm on a node that is participating as a")
        .contains("--force");
  }

  @Test
  @Order(11)
  void whatWouldLoseTheQuorumIsRefused() throws Exception {
    var follower = CLUSTER.follower();
    follower.kill();
    var leader = CLUSTER.leader();
    Await.until(
        follower.name() + " is seen as unreachable",
        SOON,
        () ->
            assertThat(
                    leader.cli().ok("node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}"))
                .contains(follower.name() + " Unreachable"));
    // Without the one that is dead and this one, the last manager would have no quorum.
    var remaining =
        CLUSTER.running().stream()
            .filter(node -> node != leader && node != n4 && node != n5)
            .findFirst()
            .orElseThrow();
    assertThat(leader.cli().fails("node", "demote", remaining.name())).contains("quorum");
    follower.start();
    CLUSTER.awaitReady(5, 3);
  }

  @Test
  @Order(12)
  void aManagerLeavesByForceAndCanJoinAgain() throws Exception {
    var leaving = CLUSTER.follower();
    leaving.cli().ok("swarm", "leave", "--force");
    assertThat(leaving.cli().ok("info", "--format", "{{.Swarm.LocalNodeState}}"))
        .isEqualTo("inactive");
    var leader = CLUSTER.leader();
    Await.until(
        "the node that left is down",
        SOON,
        () ->
            assertThat(leader.cli().ok("node", "ls", "--format", "{{.Hostname}} {{.Status}}"))
                .contains(leaving.name() + " Down"));
    leader.cli().ok("node", "rm", leaving.name());
    CLUSTER.join(leaving, leader, "manager");
    CLUSTER.awaitReady(5, 3);
  }

  @Test
  @Order(13)
  void aNodeThatIsNotDownIsRemovedOnlyByForce() throws Exception {
    var leader = CLUSTER.leader();
    assertThat(leader.cli().fails("node", "rm", "n5")).contains("is not down");
    assertThat(leader.cli().fails("node", "rm", leader.name())).contains("manager");
    leader.cli().ok("node", "rm", "--force", "n5");
    assertThat(leader.cli().ok("node", "ls", "--format", "{{.Hostname}}")).doesNotContain("n5");
    Await.until(
        "n5 hears of it",
        SOON,
        () ->
            assertThat(
                    n5.cli().ok("info", "--format", "{{.Swarm.LocalNodeState}} {{.Swarm.Error}}"))
                .contains("not a member"));
    n5.cli().ok("swarm", "leave", "--force");
    CLUSTER.join(n5, leader, "worker");
    CLUSTER.awaitReady(5, 3);
  }
}
