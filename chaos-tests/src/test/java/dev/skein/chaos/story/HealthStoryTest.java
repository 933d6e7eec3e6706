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
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Health checks as users see them. One cluster; each test goes on where the one before it ended.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class HealthStoryTest {

  @RegisterExtension static final TestCluster CLUSTER = TestCluster.of(1, 1);

  private static final Duration SOON = Duration.ofMinutes(1);
  private static final int WEB = 8080;

  private final TestNode m1 = CLUSTER.node("m1");
  private final Cli cli = m1.cli();

  @Test
  @Order(1)
  void noRequestReachesATaskBeforeItIsHealthy() throws Exception {
    cli.ok(
        "service",
        "create",
        "--detach",
        "--name",
        "web",
        "--process",
        "--replicas",
        "2",
        "--publish",
        WEB + ":80",
        "--env",
        "WHERE={{.Node.Hostname}}/{{.Task.Slot}}",
        "--health-http",
        "80/health",
        "--health-interval",
        "300ms",
        "--health-retries",
        "2",
        "--health-start-period",
        "30s",
        "--health-start-interval",
        "200ms",
        "--restart-delay",
        "0s",
        "--",
        "skein",
        "whoami",
        "--unhealthy-for",
        "3s");
    Await.until(
        "the explanation says what the probes hear",
        SOON,
        () ->
            assertThat(cli.ok("service", "explain", "web"))
                .contains("is not as desired: 0 of 2", "is not healthy yet", "status 503"));
    var slots = new TreeSet<String>();
    Await.until(
        "both replicas answer",
        SOON,
        () -> {
          slots.add(slotOfAHealthyAnswer());
          assertThat(slots).containsExactly("1", "2");
        });
    Tasks.awaitRunning(m1, "web", 2);
    assertThat(cli.ok("service", "explain", "web"))
        .contains("Service web is as desired: 2 of 2 tasks are running.");
    assertThat(cli.ok("service", "explain", "web", "--format", "{{.AsDesired}}")).isEqualTo("true");
  }

  /// A connection that nobody takes yet is no answer; one by a task that is not healthy is wrong.
  private String slotOfAHealthyAnswer() {
    try {
      var answer = Http.whoami(CLUSTER.node("w1").address(), WEB);
      if (!"true".equals(answer.get("Healthy"))) {
        throw new IllegalStateException("a task that is not healthy was asked: " + answer);
      }
      return answer.getOrDefault("Slot", "");
    } catch (IOException e) {
      throw new AssertionError("nobody answers: " + e, e);
    }
  }

  @Test
  @Order(2)
  void aTaskWhoseHealthFailsIsReplacedAndItsStatusSaysWhy() throws Exception {
    makeOneSickAndAwaitItsReplacement();
  }

  private void makeOneSickAndAwaitItsReplacement() throws Exception {
    var before = Tasks.ids(Tasks.awaitRunning(m1, "web", 2));
    Http.get(m1.address(), WEB, "/sick");
    Await.until(
        "one of them has failed for its health",
        SOON,
        () ->
            assertThat(Tasks.of(m1, "web"))
                .filteredOn(task -> before.contains(task.id()))
                .anyMatch(
                    task ->
                        task.state().equals("failed")
                            && task.error().contains("unhealthy: the health check failed 2 times")
                            && task.error().contains("status 503: sick")));
    var after = Tasks.ids(Tasks.awaitRunning(m1, "web", 2));
    assertThat(after).isNotEqualTo(before).containsAnyElementsOf(before);
    Await.until(
        "the sick one's process is gone",
        SOON,
        () -> assertThat(new TreeSet<>(Tasks.alive(CLUSTER, "web"))).isEqualTo(after));
  }

  @Test
  @Order(3)
  void probesGoOnAfterTheDaemonsRestarted() throws Exception {
    var before = Tasks.ids(Tasks.awaitRunning(m1, "web", 2));
    for (var node : CLUSTER.nodes()) {
      node.kill();
    }
    for (var node : CLUSTER.nodes()) {
      node.start();
    }
    assertThat(Tasks.ids(Tasks.awaitRunning(m1, "web", 2))).isEqualTo(before);
    Await.until("the service answers", SOON, this::slotOfAHealthyAnswer);
    makeOneSickAndAwaitItsReplacement();
  }

  @Test
  @Order(4)
  void aCommandIsProbedInTheTasksOwnContextAndOneThatHangsFails() throws Exception {
    cli.ok(
        "service",
        "create",
        "--name",
        "colours",
        "--process",
        "--env",
        "COLOUR=green-{{.Task.Slot}}",
        "--health-cmd",
        "test \"$COLOUR\" = green-1 && touch probed",
        "--health-interval",
        "200ms",
        "--",
        "sh",
        "-c",
        "while [ ! -e probed ]; do sleep 0.1; done; echo seen; exec sleep 100000");
    Await.until(
        "the task sees what the probe did",
        SOON,
        () -> assertThat(cli.ok("service", "logs", "colours")).contains("seen"));
    cli.ok(
        "service",
        "create",
        "--detach",
        "--name",
        "hangs",
        "--process",
        "--health-cmd",
        "echo waiting; sleep 1000",
        "--health-interval",
        "200ms",
        "--health-timeout",
        "300ms",
        "--health-retries",
        "2",
        "--restart-delay",
        "100ms",
        "--restart-backoff",
        "1h",
        "--",
        "sh",
        "-c",
        "exec sleep 100000");
    Await.until(
        "it fails again and again, after longer and longer pauses",
        SOON,
        () ->
            assertThat(cli.ok("service", "explain", "hangs"))
                .contains("restarts in a row", "took longer than 300 ms: waiting"));
    cli.ok("service", "rm", "hangs");
    Await.until(
        "no probe is left",
        SOON,
        () -> assertThat(Tasks.alive(CLUSTER, "hangs")).isEqualTo(List.of()));
  }
}
