package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Cli;
import dev.skein.chaos.cluster.Http;
import dev.skein.chaos.cluster.Tasks;
import dev.skein.chaos.cluster.TestCluster;
import dev.skein.chaos.cluster.TestNode;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a user does with services. One cluster; each test goes on where the one before it ended.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class ServiceStoryTest {

  @RegisterExtension
  static final TestCluster CLUSTER = TestCluster.of(3, 2, "--task-history-limit", "3");

  private static final Duration SOON = Duration.ofMinutes(2);
  private static final int WEB = 8080;
  private static final String IDLE = "exec sleep 100000";

  private final TestNode m1 = CLUSTER.node("m1");
  private final Cli cli = m1.cli();

  private String createIdle(String name, String... options) {
    var words = new java.util.ArrayList<>(List.of("service", "create", "--name", name));
    words.addAll(List.of(options));
    words.addAll(List.of("--process", "--", "sh", "-c", IDLE));
    return cli.ok(words.toArray(String[]::new));
  }

  @Test
  @Order(1)
  void aServiceIsCreatedListedAndInspected() throws Exception {
    var said =
        cli.ok(
            "service",
            "create",
            "--name",
            "web",
            "--process",
            "--replicas",
            "3",
            "--publish",
            WEB + ":80",
            "--label",
            "tier=front",
            "--env",
            "COLOUR=blue",
            "--restart-delay",
            "0s",
            "--",
            "skein",
            "whoami");
    assertThat(said).contains("verify: Service").contains("converged");
    assertThat(cli.ok("service", "ls", "--format", "{{.Name}} {{.Mode}} {{.Replicas}} {{.Ports}}"))
        .isEqualTo("web replicated 3/3 *:8080->80/tcp");
    assertThat(cli.ok("service", "inspect", "web", "--format", "{{.Spec.Labels.tier}}"))
        .isEqualTo("front");
    assertThat(CLUSTER.node("m3").cli().ok("service", "inspect", "--pretty", "web"))
        .contains("Name:", "web", "Replicas:", "COLOUR=blue", "published 8080, target 80/tcp");
    assertThat(cli.ok("service", "ps", "web", "--format", "{{.Name}} {{.DesiredState}}").lines())
        .containsExactly("web.1 Running", "web.2 Running", "web.3 Running");
    var nodes = new HashSet<String>();
    Tasks.awaitRunning(m1, "web", 3).forEach(task -> nodes.add(task.node()));
    assertThat(nodes).as("spread over three nodes").hasSize(3);
  }

  @Test
  @Order(2)
  void aPublishedPortAnswersThroughEveryNodeWithEveryReplica() throws Exception {
    for (var node : CLUSTER.nodes()) {
      var slots = new TreeSet<String>();
      Await.until(
          "all replicas answer at " + node.name(),
          SOON,
          () -> {
            slots.add(whoami(node).get("Slot"));
            assertThat(slots).containsExactly("1", "2", "3");
          });
    }
  }

  private static java.util.Map<String, String> whoami(TestNode node) {
    try {
      return Http.whoami(node.address(), WEB);
    } catch (IOException e) {
      throw new AssertionError("through " + node.name() + ": " + e, e);
    }
  }

  @Test
  @Order(3)
  void aServiceIsScaledUpAndDown() throws Exception {
    assertThat(cli.ok("service", "scale", "web=5")).contains("web scaled to 5");
    var five = Tasks.awaitRunning(m1, "web", 5);
    assertThat(CLUSTER.node("m2").cli().ok("service", "scale", "web=2")).contains("converged");
    var two = Tasks.awaitRunning(m1, "web", 2);
    assertThat(Tasks.ids(five)).containsAll(Tasks.ids(two));
    Await.until(
        "the processes of the others end",
        SOON,
        () -> assertThat(Set.copyOf(Tasks.alive(CLUSTER, "web"))).isEqualTo(Tasks.ids(two)));
    assertThat(cli.fails("service", "scale", "nobody=2")).contains("nobody");
    assertThat(cli.run("service", "scale", "web=many").code()).isNotZero();
  }

  @Test
  @Order(4)
  void aRollingUpdateReplacesOneTaskAtATimeAndTheServiceAnswersThroughout() throws Exception {
    var before = Tasks.ids(Tasks.awaitRunning(m1, "web", 2));
    cli.ok(
        "service",
        "update",
        "--detach",
        "--env-add",
        "COLOUR=green",
        "--update-monitor",
        "1s",
        "web");
    var versions = new TreeSet<String>();
    Await.until(
        "the new version alone answers",
        SOON,
        () -> {
          versions.add(whoami(CLUSTER.node("w1")).get("Version"));
          var down =
              Tasks.of(m1, "web").stream()
                  .filter(task -> !task.desired().equals("shutdown"))
                  .filter(task -> !task.state().equals("running"))
                  .count();
          assertThat(down).isLessThanOrEqualTo(1);
          assertThat(cli.ok("service", "inspect", "web", "--format", "{{.UpdateStatus.State}}"))
              .isEqualTo("completed");
        });
    assertThat(Tasks.ids(Tasks.awaitRunning(m1, "web", 2))).doesNotContainAnyElementsOf(before);
    assertThat(versions).contains("2").isSubsetOf("1", "2");
    assertThat(
            cli.ok(
                "service",
                "inspect",
                "web",
                "--format",
                "{{.PreviousSpec.TaskTemplate.ContainerSpec.Env}}"))
        .contains("COLOUR=blue");
  }

  @Test
  @Order(5)
  void logsOfAllReplicasAreRead() throws Exception {
    cli.ok(
        "service",
        "create",
        "--name",
        "talk",
        "--process",
        "--replicas",
        "2",
        "--",
        "sh",
        "-c",
        "echo hello; echo oops >&2; " + IDLE);
    Await.until(
        "both replicas' output is there",
        SOON,
        () -> {
          var logs = cli.run("service", "logs", "talk").ok();
          assertThat(logs.out()).contains("talk.1.", "talk.2.").contains("hello");
          assertThat(logs.err()).contains("oops");
        });
    assertThat(cli.run("service", "logs", "--tail", "1", "--timestamps", "talk").ok().lines())
        .allMatch(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT.*"));
    cli.ok("service", "rm", "talk");
  }

  @Test
  @Order(6)
  void whatCannotBeIsRefused() {
    assertThat(
            cli.fails(
                "service",
                "create",
                "--name",
                "other",
                "--publish",
                WEB + ":80",
                "--process",
                "--",
                "sleep",
                "1"))
        .contains("port '8080' is already in use by service 'web'");
    assertThat(cli.fails("service", "create", "--name", "web", "--process", "--", "sleep", "1"))
        .contains("name conflicts with an existing object");
    assertThat(
            cli.fails(
                "service", "create", "--constraint", "node.role~manager", "--process", "--", "x"))
        .contains("node.role~manager");
    assertThat(cli.fails("service", "inspect", "nobody")).contains("nobody");
    assertThat(cli.fails("service", "rm", "nobody")).contains("service nobody not found");
    assertThat(cli.run("service", "create", "--publish", "99999:80", "--process", "--", "x").code())
        .isEqualTo(2);
    assertThat(cli.ok("service", "ls", "-q").lines()).hasSize(1);
  }

  @Test
  @Order(7)
  void anUnsatisfiedConstraintIsExplainedUntilALabelSatisfiesIt() throws Exception {
    createIdle("choosy", "--detach", "--constraint", "node.labels.disk==ssd");
    Await.until(
        "the pending task explains itself",
        SOON,
        () ->
            assertThat(
                    cli.ok(
                        "service",
                        "ps",
                        "--no-trunc",
                        "choosy",
                        "--format",
                        "{{.CurrentState}} {{.Error}}"))
                .startsWith("Pending")
                .contains("no suitable node", "5 nodes"));
    cli.ok("node", "update", "--label-add", "disk=ssd", "w2");
    var placed = Tasks.awaitRunning(m1, "choosy", 1).getFirst();
    assertThat(placed.node()).isEqualTo(CLUSTER.node("w2").id());
    cli.ok("service", "rm", "choosy");
    Await.until(
        "its process ends", SOON, () -> assertThat(Tasks.alive(CLUSTER, "choosy")).isEmpty());
    assertThat(cli.ok("service", "ls", "--format", "{{.Name}}")).isEqualTo("web");
  }

  @Test
  @Order(8)
  void aTaskThatEndsIsReplacedAsItsRestartPolicySays() throws Exception {
    var two = Tasks.ids(Tasks.awaitRunning(m1, "web", 2));
    assertThat(Http.get(m1.address(), WEB, "/exit?code=3")).contains("exiting with code 3");
    Await.until(
        "one of the two is replaced",
        SOON,
        () -> {
          var now = Tasks.ids(Tasks.running(m1, "web"));
          assertThat(now).hasSize(2);
          assertThat(now).isNotEqualTo(two);
        });
    assertThat(Tasks.of(m1, "web")).anyMatch(task -> task.error().contains("exit (3)"));

    cli.ok(
        "service",
        "create",
        "--detach",
        "--name",
        "once",
        "--restart-condition",
        "none",
        "--process",
        "--",
        "sh",
        "-c",
        "exit 0");
    cli.ok(
        "service",
        "create",
        "--detach",
        "--name",
        "thrice",
        "--restart-condition",
        "on-failure",
        "--restart-delay",
        "0s",
        "--restart-max-attempts",
        "2",
        "--process",
        "--",
        "sh",
        "-c",
        "exit 7");
    Await.until(
        "one task completes, three fail",
        SOON,
        () -> {
          assertThat(Tasks.of(m1, "once")).extracting(Tasks::state).containsExactly("complete");
          assertThat(Tasks.of(m1, "thrice"))
              .extracting(Tasks::state)
              .containsExactly("failed", "failed", "failed");
        });
    cli.ok("service", "rm", "once", "thrice");
  }

  @Test
  @Order(9)
  void aDrainedNodeLosesItsTasksAndTakesNewOnesAfterwards() throws Exception {
    createIdle("spread", "--replicas", "5");
    var w1 = CLUSTER.node("w1").id();
    cli.ok("node", "update", "--availability", "drain", "w1");
    Await.until(
        "w1 has no task",
        SOON,
        () -> {
          var running = Tasks.running(m1, "spread");
          assertThat(running).hasSize(5);
          assertThat(running).noneMatch(task -> task.node().equals(w1));
        });
    assertThat(cli.ok("node", "ps", "--filter", "desired-state=running", "-q", "w1")).isEmpty();
    cli.ok("node", "update", "--availability", "active", "w1");
    cli.ok("service", "scale", "spread=6");
    assertThat(Tasks.awaitRunning(m1, "spread", 6)).anyMatch(task -> task.node().equals(w1));
    cli.ok("service", "rm", "spread");
  }

  @Test
  @Order(10)
  void aGlobalServiceRunsOnceOnEachNodeAlsoOnOneThatCameBack() throws Exception {
    createIdle("agent", "--mode", "global");
    assertThat(Tasks.awaitRunning(m1, "agent", 5)).extracting(Tasks::node).doesNotHaveDuplicates();
    assertThat(
            cli.ok(
                "service", "ls", "--filter", "name=agent", "--format", "{{.Mode}} {{.Replicas}}"))
        .isEqualTo("global 5/5");
    cli.ok("node", "update", "--availability", "drain", "w2");
    Tasks.awaitRunning(m1, "agent", 4);
    cli.ok("node", "update", "--availability", "active", "w2");
    Tasks.awaitRunning(m1, "agent", 5);
    cli.ok("service", "rm", "agent");
  }

  @Test
  @Order(11)
  void datagramsAreSpreadToo() throws Exception {
    cli.ok(
        "service",
        "create",
        "--name",
        "echo",
        "--replicas",
        "2",
        "--publish",
        "5353:53/udp",
        "--process",
        "--",
        "skein",
        "whoami",
        "--udp");
    for (var node : CLUSTER.nodes()) {
      Await.until(
          "a datagram is answered at " + node.name(),
          SOON,
          () -> {
            try {
              assertThat(Http.udp(node.address(), 5353, "ping")).contains("echo.").contains("ping");
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
    }
    cli.ok("service", "rm", "echo");
  }

  @Test
  @Order(12)
  void aHostModePortIsOpenOnTheTasksNodeOnly() throws Exception {
    cli.ok(
        "service",
        "create",
        "--name",
        "local",
        "--constraint",
        "node.hostname==w2",
        "--publish",
        "published=9090,target=80,mode=host",
        "--process",
        "--",
        "skein",
        "whoami");
    Await.until(
        "w2 answers",
        SOON,
        () -> {
          try {
            assertThat(Http.whoami(CLUSTER.node("w2").address(), 9090).get("Node")).isEqualTo("w2");
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> Http.get(CLUSTER.node("w1").address(), 9090, "/"))
        .isInstanceOf(java.net.ConnectException.class);
    cli.ok("service", "rm", "local");
  }

  @Test
  @Order(13)
  void aRemovedServiceLeavesNothing() throws Exception {
    cli.ok("service", "rm", "web");
    Await.until(
        "no process, no port, no directory of a task is left",
        SOON,
        () -> {
          assertThat(Tasks.alive(CLUSTER, "web")).isEmpty();
          for (var node : CLUSTER.nodes()) {
            assertThat(node.taskProcesses()).isEmpty();
            org.assertj.core.api.Assertions.assertThatThrownBy(
                    () -> Http.get(node.address(), WEB, "/"))
                .isInstanceOf(IOException.class);
          }
        });
    assertThat(cli.ok("service", "ls", "-q")).isEmpty();
  }
}
