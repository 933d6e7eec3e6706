package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Docker;
import dev.skein.chaos.cluster.Http;
import dev.skein.chaos.cluster.Tasks;
import dev.skein.chaos.cluster.TestCluster;
import dev.skein.chaos.cluster.TestNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The story once more, told to Docker's own client. One cluster; each test goes on where the one
/// before it ended.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class DockerStoryTest {

  @RegisterExtension static final TestCluster CLUSTER = TestCluster.outsiders(2);

  private static final Duration SOON = Duration.ofMinutes(2);

  private final TestNode n1 = CLUSTER.node("n1");
  private final TestNode n2 = CLUSTER.node("n2");
  private final Docker docker = new Docker(n1);

  private static final Instant LONG_AGO = Instant.EPOCH;

  @Test
  @Order(1)
  void aSwarmIsFoundedAndJoined() throws Exception {
    assertThat(docker.fails("node", "ls")).contains("This node is not a swarm manager");
    assertThat(docker.ok("swarm", "init", "--advertise-addr", n1.rpc(), "--listen-addr", n1.rpc()))
        .contains("Swarm initialized: current node (", "docker swarm join --token SWMTKN-1-");
    var token = docker.ok("swarm", "join-token", "-q", "worker");
    assertThat(
            new Docker(n2)
                .ok(
                    "swarm",
                    "join",
                    "--token",
                    token,
                    "--advertise-addr",
                    n2.rpc(),
                    "--listen-addr",
                    n2.rpc(),
                    n1.rpc()))
        .contains("This node joined a swarm as a worker.");
    CLUSTER.awaitReady(2, 1);
    assertThat(docker.ok("swarm", "join-token", "--rotate", "-q", "worker")).isNotEqualTo(token);
  }

  @Test
  @Order(2)
  void theDaemonDescribesItself() throws Exception {
    assertThat(docker.ok("version", "--format", "{{.Server.APIVersion}}")).startsWith("1.");
    assertThat(
            docker.ok("info", "--format", "{{.Swarm.LocalNodeState}} {{.Swarm.Nodes}} {{.Name}}"))
        .isEqualTo("active 2 n1");
  }

  @Test
  @Order(3)
  void nodesAreListedInspectedAndChanged() throws Exception {
    assertThat(docker.ok("node", "ls", "--format", "{{.Hostname}} {{.Status}} {{.ManagerStatus}}"))
        .contains("n1 Ready Leader", "n2 Ready");
    docker.ok("node", "update", "--label-add", "disk=ssd", "--availability", "pause", "n2");
    assertThat(
            docker.ok(
                "node",
                "inspect",
                "n2",
                "--format",
                "{{.Spec.Labels.disk}} {{.Spec.Availability}}"))
        .isEqualTo("ssd pause");
    docker.ok("node", "update", "--availability", "active", "n2");
    assertThat(docker.ok("node", "inspect", "--pretty", "n2")).contains("Hostname:", "disk=ssd");
    docker.ok("node", "promote", "n2");
    CLUSTER.awaitReady(2, 2);
    docker.ok("node", "demote", "n2");
    CLUSTER.awaitReady(2, 1);
  }

  @Test
  @Order(4)
  void aServiceLivesItsLife() throws Exception {
    docker.ok(
        "service",
        "create",
        "--name",
        "web",
        "--replicas",
        "2",
        "--publish",
        "8080:80",
        "--update-monitor",
        "1s",
        "--restart-delay",
        "0s",
        "skein/process",
        "skein",
        "whoami");
    assertThat(docker.ok("service", "ls", "--format", "{{.Name}} {{.Mode}} {{.Replicas}}"))
        .isEqualTo("web replicated 2/2");
    assertThat(
            docker.ok(
                "service",
                "ps",
                "web",
                "--format",
                "{{.Name}} {{.DesiredState}} {{.CurrentState}}"))
        .contains("web.1 Running Running", "web.2 Running Running");
    assertThat(docker.ok("node", "ps", "n2", "--format", "{{.Name}}")).startsWith("web.");
    for (var node : CLUSTER.nodes()) {
      Await.until(
          node.name() + " answers",
          SOON,
          () -> {
            try {
              assertThat(Http.whoami(node.address(), 8080).get("Service")).isEqualTo("web");
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
    }
    assertThat(docker.ok("service", "logs", "web")).contains("whoami listens at");
    n1.cli().ok("service", "update", "--max-unavailable", "1", "web");
    assertThat(docker.ok("service", "scale", "web=3")).contains("web scaled to 3");
    assertThat(n1.cli().ok("service", "inspect", "--format", "{{.Spec.MaxUnavailable}}", "web"))
        .as("what Docker's client does not know of")
        .isEqualTo("1");
    docker.ok("service", "update", "--env-add", "COLOUR=green", "web");
    assertThat(
            docker.ok(
                "service",
                "inspect",
                "web",
                "--format",
                "{{.Spec.TaskTemplate.ContainerSpec.Env}}"))
        .isEqualTo("[COLOUR=green]");
    assertThat(docker.ok("service", "inspect", "--pretty", "web"))
        .contains("Replicas:", "COLOUR=green");
    assertThat(docker.fails("service", "create", "--name", "web", "skein/process", "sleep", "1"))
        .contains("name conflicts with an existing object");
    Tasks.awaitRunning(n1, "web", 3);
    docker.ok("service", "rm", "web");
    Await.until("its processes end", SOON, () -> assertThat(Tasks.alive(CLUSTER, "web")).isEmpty());
  }

  @Test
  @Order(5)
  void eventsTellWhatHappened() throws Exception {
    Await.until(
        "the service is gone for good",
        SOON,
        () ->
            assertThat(events("type=service")).contains("create web", "update web", "remove web"));
  }

  private String events(String filter) throws Exception {
    return docker.ok(
        "events",
        "--since",
        Long.toString(LONG_AGO.getEpochSecond()),
        "--until",
        Long.toString(Instant.now().getEpochSecond()),
        "--filter",
        filter,
        "--format",
        "{{.Action}} {{.Actor.Attributes.name}}");
  }

  @Test
  @Order(6)
  void jobsRunToTheirEnd() throws Exception {
    // Not detached: the client follows the job until all that it looks for has completed.
    docker.ok(
        "service",
        "create",
        "--name",
        "sums",
        "--label",
        "team=numbers",
        "--mode",
        "replicated-job",
        "--replicas",
        "3",
        "--max-concurrent",
        "2",
        "skein/process",
        "true");
    assertThat(docker.ok("service", "ls", "--format", "{{.Name}} {{.Mode}} {{.Replicas}}"))
        .isEqualTo("sums replicated job 0/2 (3/3 completed)");
    assertThat(states("sums"))
        .containsExactlyInAnyOrder(
            "sums.1 Complete Complete", "sums.2 Complete Complete", "sums.3 Complete Complete");
    assertThat(docker.ok("service", "inspect", "sums", "--format", "{{json .Spec.Mode}}"))
        .isEqualTo("{\"ReplicatedJob\":{\"MaxConcurrent\":2,\"TotalCompletions\":3}}");
    docker.ok(
        "service",
        "create",
        "--name",
        "everywhere",
        "--mode",
        "global-job",
        "skein/process",
        "true");
    assertThat(states("everywhere"))
        .hasSize(2)
        .allMatch(line -> line.endsWith("Complete Complete"));
    Await.until(
        "the second in which the job was created is over",
        SOON,
        () -> assertThat(events("label=team=numbers")).contains("create sums"));
    assertThat(events("label=team=numbers")).doesNotContain("everywhere");
    docker.ok("service", "rm", "sums", "everywhere");
    assertThat(docker.ok("service", "ls", "-q")).isEmpty();
  }

  private List<String> states(String service) throws Exception {
    return docker
        .ok(
            "service",
            "ps",
            service,
            "--format",
            "{{.Name}} {{.DesiredState}} {{slice .CurrentState 0 8}}")
        .lines()
        .toList();
  }

  @Test
  @Order(7)
  void aHealthCheckDecidesWhatRuns() throws Exception {
    docker.ok(
        "service",
        "create",
        "--name",
        "checked",
        "--health-cmd",
        "test ! -e sick",
        "--health-interval",
        "500ms",
        "--health-retries",
        "2",
        "--restart-delay",
        "0s",
        "--update-monitor",
        "1s",
        "--update-failure-action",
        "rollback",
        "skein/process",
        "sleep",
        "9999");
    assertThat(docker.ok("service", "inspect", "--pretty", "checked"))
        .contains("Test = CMD-SHELL", "Test = test ! -e sick", "Interval = 500ms", "Retries = 2");
    // Its exit code depends on what this client looks at first: the end of the rollback, which it
    // calls a failure, or that all tasks run, which it calls converged.
    var update =
        docker.run("service", "update", "--health-cmd", "echo not well; exit 3", "checked");
    assertThat(update.out() + update.err()).contains("rolled back", "not well");
    assertThat(docker.ok("service", "inspect", "checked", "--format", "{{.UpdateStatus.State}}"))
        .startsWith("rollback_");
    Await.until(
        "the failed task tells what its check said",
        SOON,
        () ->
            assertThat(
                    docker.ok("service", "ps", "checked", "--no-trunc", "--format", "{{.Error}}"))
                .contains("unhealthy: the health check failed 2 times in a row", "not well"));
    assertThat(Tasks.awaitRunning(n1, "checked", 1)).hasSize(1);
    docker.ok("service", "rm", "checked");
  }

  @Test
  @Order(8)
  void theSwarmIsLeft() throws Exception {
    new Docker(n2).ok("swarm", "leave");
    Await.until(
        "n2 is down",
        SOON,
        () ->
            assertThat(docker.ok("node", "ls", "--format", "{{.Hostname}} {{.Status}}"))
                .contains("n2 Down"));
    docker.ok("node", "rm", "n2");
    assertThat(docker.fails("swarm", "leave")).contains("--force");
    docker.ok("swarm", "leave", "--force");
    assertThat(docker.ok("info", "--format", "{{.Swarm.LocalNodeState}}")).isEqualTo("inactive");
  }
}
