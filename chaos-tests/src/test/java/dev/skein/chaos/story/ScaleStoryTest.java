package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Cli;
import dev.skein.chaos.cluster.Http;
import dev.skein.chaos.cluster.HttpLoad;
import dev.skein.chaos.cluster.Tasks;
import dev.skein.chaos.cluster.TestCluster;
import dev.skein.chaos.cluster.TestNode;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Services that are scaled by what is asked of them, and replicas that move to where they belong.
/// One cluster; each test goes on where the one before it ended.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class ScaleStoryTest {

  @RegisterExtension static final TestCluster CLUSTER = TestCluster.of(1, 2);

  private static final Duration SOON = Duration.ofMinutes(2);
  private static final int WEB = 8080;

  private final TestNode m1 = CLUSTER.node("m1");
  private final Cli cli = m1.cli();

  private String replicas() {
    return cli.ok("service", "ls", "--filter", "name=web", "--format", "{{.Replicas}}");
  }

  @Test
  @Order(1)
  void whatTasksAndNodesUseIsShown() throws Exception {
    cli.ok(
        "service",
        "create",
        "--name",
        "web",
        "--publish",
        WEB + ":80",
        "--process",
        "--",
        "skein",
        "whoami");
    Await.until(
        "the task and its node were measured",
        SOON,
        () -> {
          assertThat(cli.ok("service", "stats", "web", "--format", "{{.Name}} {{.CPUPerc}}"))
              .matches("web\\.1\\S* [0-9.]+%");
          assertThat(cli.ok("node", "top", "--format", "{{.MemPerc}}").lines())
              .hasSize(3)
              .allMatch(line -> line.matches("[0-9.]+%"));
        });
    assertThat(cli.ok("top")).contains("NODE", "w2", "SERVICE", "web");
    assertThat(cli.ok("node", "top", "self")).contains("m1");
  }

  @Test
  @Order(2)
  void aServiceFollowsItsConnectionsUpAndDown() throws Exception {
    cli.ok(
        "service",
        "autoscale",
        "--max",
        "3",
        "--target-connections",
        "4",
        "--scale-down-delay",
        "4s",
        "web");
    assertThat(cli.fails("service", "scale", "web=2"))
        .contains("service web is scaled by itself between 1 and 3 replicas");
    var clients = new ArrayList<Socket>();
    try {
      for (var i = 0; i < 12; i++) {
        var client = new Socket(m1.address(), WEB);
        clients.add(client);
        client
            .getOutputStream()
            .write(
                "GET /slow?ms=60000 HTTP/1.1\r\nHost: web\r\n\r\n"
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      }
      Await.until("three replicas run", SOON, () -> assertThat(replicas()).isEqualTo("3/3"));
      assertThat(cli.ok("service", "autoscale", "web"))
          .contains("1 to 3 tasks, 4 open connections each")
          .contains("connections open, 4 wanted for each replica");
      assertThat(cli.ok("events", "--since", "2m", "--until", "0s", "--filter", "type=service"))
          .contains("scaled from 1 to ");
    } finally {
      for (var client : clients) {
        client.close();
      }
    }
    Await.until("one replica is left", SOON, () -> assertThat(replicas()).isEqualTo("1/1"));
  }

  @Test
  @Order(3)
  void theFirstRequestToAServiceThatWentToZeroIsAnswered() throws Exception {
    cli.ok("service", "autoscale", "--min", "0", "--scale-down-delay", "2s", "web");
    Await.until("no replica is left", SOON, () -> assertThat(replicas()).isEqualTo("0/0"));
    Await.until("its process ends", SOON, () -> assertThat(Tasks.alive(CLUSTER, "web")).isEmpty());
    assertThat(Http.whoami(CLUSTER.node("w2").address(), WEB)).containsKey("Task");
    assertThat(cli.ok("service", "autoscale", "web"))
        .contains("scaled from 0 to 1 replicas: connections wait for a replica");
    cli.ok("service", "autoscale", "--off", "web");
  }

  @Test
  @Order(4)
  void aServiceFollowsTheCpuThatItUsesUpAndDown() throws Exception {
    cli.ok(
        "service",
        "autoscale",
        "--max",
        "3",
        "--target-cpu",
        "10%",
        "--scale-down-delay",
        "3s",
        "web");
    try (var load = HttpLoad.start(1, CLUSTER.nodes(), WEB, "/cpu?ms=100")) {
      Await.until("three replicas run", SOON, () -> assertThat(replicas()).isEqualTo("3/3"));
      assertThat(load.failures()).isEmpty();
    }
    assertThat(cli.ok("service", "autoscale", "web"))
        .contains("1 to 3 tasks, 10% of CPU each", "% of CPU each, 10% wanted");
    Await.until("one replica is left", SOON, () -> assertThat(replicas()).isEqualTo("1/1"));
  }

  @Test
  @Order(5)
  void aServiceFollowsTheRateOfItsConnectionsUpAndDown() throws Exception {
    cli.ok("service", "autoscale", "--target-rps", "2", "web");
    try (var load = HttpLoad.start(1, CLUSTER.nodes(), WEB)) {
      Await.until("three replicas run", SOON, () -> assertThat(replicas()).isEqualTo("3/3"));
      assertThat(load.failures()).isEmpty();
    }
    assertThat(cli.ok("service", "autoscale", "web"))
        .contains("1 to 3 tasks, 2 connections per second each");
    assertThat(cli.fails("service", "update", "--replicas", "2", "web"))
        .contains("service web is scaled by itself between 1 and 3 replicas");
    Await.until("one replica is left", SOON, () -> assertThat(replicas()).isEqualTo("1/1"));
    cli.ok("service", "autoscale", "--off", "web");
  }

  @Test
  @Order(6)
  void aRebalanceOfAHealthyServiceLosesNoRequest() throws Exception {
    cli.ok("node", "update", "--availability", "drain", "w2");
    cli.ok("service", "scale", "web=4");
    var w2 = CLUSTER.node("w2").id();
    assertThat(Tasks.awaitRunning(m1, "web", 4)).noneMatch(task -> task.node().equals(w2));
    cli.ok("node", "update", "--availability", "active", "w2");
    assertThat(cli.ok("service", "rebalance", "--dry-run", "web", "--format", "{{.To}}"))
        .isEqualTo("w2");
    assertThat(Tasks.awaitRunning(m1, "web", 4)).noneMatch(task -> task.node().equals(w2));

    var failures = new ConcurrentLinkedQueue<String>();
    var answered = new AtomicInteger();
    var over = new AtomicBoolean();
    var clients = new ArrayList<Thread>();
    for (var node : List.of(m1, CLUSTER.node("w1"))) {
      clients.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (!over.get()) {
                      try {
                        Http.whoami(node.address(), WEB);
                        answered.incrementAndGet();
                      } catch (IOException e) {
                        failures.add(e.toString());
                      }
                    }
                  }));
    }
    try {
      assertThat(cli.ok("service", "rebalance", "web")).contains("1 of 1 replicas moved");
      Await.until(
          "the old task has gone", SOON, () -> assertThat(Tasks.alive(CLUSTER, "web")).hasSize(4));
    } finally {
      over.set(true);
      for (var client : clients) {
        client.join();
      }
    }
    assertThat(failures).isEmpty();
    assertThat(answered.get()).isGreaterThan(20);
    assertThat(Tasks.awaitRunning(m1, "web", 4)).anyMatch(task -> task.node().equals(w2));
    assertThat(cli.ok("swarm", "rebalance")).contains("nothing to move");
  }

  @Test
  @Order(7)
  void consolidationShowsWhichNodesCouldBeEmptiedAndEmptiesThem() throws Exception {
    assertThat(cli.ok("swarm", "consolidate", "--dry-run"))
        .contains("stays: ", "reserves neither CPU nor memory");
    assertThat(cli.fails("swarm", "rebalance", "--stop")).contains("nothing to stop");

    cli.ok("service", "update", "--update-parallelism", "0", "--reserve-memory", "16m", "web");
    // The update is watched for its monitor time first.
    Await.until(
        "a node could be emptied",
        SOON,
        () ->
            assertThat(cli.ok("swarm", "consolidate", "--dry-run")).containsOnlyOnce("emptied: "));
    var shown = cli.ok("swarm", "consolidate", "--dry-run");
    var emptied = shown.substring(shown.indexOf("emptied: ") + 9).lines().findFirst().orElseThrow();
    assertThat(tasksOn(emptied)).as("nothing was moved yet").isPositive();

    assertThat(cli.ok("swarm", "consolidate", "--apply")).contains("replicas moved");
    Tasks.awaitRunning(m1, "web", 4);
    assertThat(tasksOn(emptied)).isZero();
    var paused = "name=" + emptied;
    assertThat(cli.ok("node", "ls", "--filter", paused, "--format", "{{.Availability}}"))
        .isEqualTo("Pause");
    cli.ok("node", "update", "--availability", "active", emptied);
  }

  private long tasksOn(String hostname) throws IOException {
    var id = CLUSTER.node(hostname).id();
    return Tasks.running(m1, "web").stream().filter(task -> task.node().equals(id)).count();
  }

  @Test
  @Order(8)
  void aServiceSpreadsByItselfOntoNodesThatReturnOrJoin() throws Exception {
    cli.ok("swarm", "update", "--auto-rebalance");
    var returning = CLUSTER.node("w2");
    var id = returning.id();
    returning.killAll();
    Await.until(
        "it is down",
        SOON,
        () ->
            assertThat(cli.ok("node", "ls", "--filter", "name=w2", "--format", "{{.Status}}"))
                .isEqualTo("Down"));
    Await.until(
        "all replicas run elsewhere",
        SOON,
        () ->
            assertThat(Tasks.awaitRunning(m1, "web", 4)).noneMatch(task -> task.node().equals(id)));

    try (var load = HttpLoad.start(1, List.of(m1, CLUSTER.node("w1")), WEB)) {
      returning.start();
      var joining = CLUSTER.addStranger("w3");
      joining.start();
      var token = cli.ok("swarm", "join-token", "-q", "worker");
      CLUSTER.joinWith(joining, m1, token, "--ephemeral", "--ephemeral-after", "2s").ok();
      Await.until(
          "each node has a replica",
          SOON,
          () ->
              assertThat(Tasks.running(m1, "web"))
                  .extracting(Tasks::node)
                  .hasSize(4)
                  .doesNotHaveDuplicates());
      assertThat(load.failures()).isEmpty();
    }
  }

  @Test
  @Order(9)
  void ephemeralWorkersAreForgottenOnceTheyAreGone() throws Exception {
    // The other one was made ephemeral when it joined.
    cli.ok("node", "update", "--ephemeral", "--ephemeral-after", "2s", "w2");
    CLUSTER.node("w2").killAll();
    CLUSTER.node("w3").killAll();
    Await.until(
        "they are not listed any more",
        SOON,
        () ->
            assertThat(cli.ok("node", "ls", "--format", "{{.Hostname}}").lines())
                .containsExactlyInAnyOrder("m1", "w1"));
    Tasks.awaitRunning(m1, "web", 4);
  }
}
