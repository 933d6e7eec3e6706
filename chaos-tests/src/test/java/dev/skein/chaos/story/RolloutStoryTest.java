package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Cli;
import dev.skein.chaos.cluster.HttpLoad;
import dev.skein.chaos.cluster.Tasks;
import dev.skein.chaos.cluster.TestCluster;
import dev.skein.chaos.cluster.TestNode;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/// How services are replaced and moved, and that their clients do not notice. One cluster; each
/// test goes on where the one before it ended.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class RolloutStoryTest {

  @RegisterExtension static final TestCluster CLUSTER = TestCluster.of(1, 3);

  private static final Duration SOON = Duration.ofMinutes(2);
  private static final int WEB = 8090;
  private static final int REPLICAS = 4;
  private static final int CLIENTS = 4;

  private final TestNode m1 = CLUSTER.node("m1");
  private final Cli cli = m1.cli();

  private Set<String> running() throws Exception {
    return Tasks.ids(Tasks.awaitRunning(m1, "web", REPLICAS));
  }

  private String updateState() {
    return cli.ok("service", "inspect", "web", "--format", "{{.UpdateStatus.State}}");
  }

  @Test
  @Order(1)
  void aStartFirstRollingUpdateDropsNoRequest() throws Exception {
    cli.ok(
        "service",
        "create",
        "--name",
        "web",
        "--replicas",
        "" + REPLICAS,
        "--publish",
        WEB + ":80",
        "--update-order",
        "start-first",
        "--update-monitor",
        "500ms",
        "--rollback-monitor",
        "500ms",
        "--restart-delay",
        "0s",
        "--process",
        "--",
        "skein",
        "whoami");
    var before = running();
    try (var load = HttpLoad.start(CLIENTS, CLUSTER.nodes(), WEB)) {
      load.awaitMore(100, SOON);
      cli.ok("service", "update", "--env-add", "COLOUR=green", "web");
      assertThat(updateState()).isEqualTo("completed");
      assertThat(running()).doesNotContainAnyElementsOf(before);
      // The old tasks end only now that their last connections have.
      Await.until(
          "the old processes end",
          SOON,
          () -> assertThat(Tasks.alive(CLUSTER, "web")).doesNotContainAnyElementsOf(before));
      load.awaitMore(100, SOON);
      assertThat(load.failures()).isEmpty();
    }
  }

  @Test
  @Order(2)
  void aDrainDropsNoRequest() throws Exception {
    var w1 = CLUSTER.node("w1").id();
    try (var load = HttpLoad.start(CLIENTS, CLUSTER.nodes(), WEB)) {
      load.awaitMore(100, SOON);
      cli.ok("node", "update", "--availability", "drain", "--drain-deadline", "5m", "w1");
      Await.until(
          "w1 has no task",
          SOON,
          () ->
              assertThat(Tasks.awaitRunning(m1, "web", REPLICAS))
                  .noneMatch(task -> task.node().equals(w1)));
      Await.until(
          "its processes end",
          SOON,
          () -> assertThat(CLUSTER.node("w1").taskProcesses()).isEmpty());
      load.awaitMore(100, SOON);
      assertThat(load.failures()).isEmpty();
    }
    assertThat(cli.ok("node", "inspect", "--pretty", "w1")).contains("Draining Since");
    cli.ok("node", "update", "--availability", "active", "w1");
  }

  @Test
  @Order(3)
  void anUpdateWaitsAfterItsCanaryAndGoesOnWhenPromoted() throws Exception {
    var before = running();
    assertThat(
            cli.ok("service", "update", "--update-canary", "1", "--env-add", "COLOUR=blue", "web"))
        .contains("1 of 4 replicas run the new version");
    assertThat(updateState()).isEqualTo("canary");
    assertThat(running().stream().filter(id -> !before.contains(id))).hasSize(1);
    assertThat(cli.ok("service", "inspect", "--pretty", "web")).contains("canary", "Canaries");
    assertThat(cli.ok("service", "promote", "web")).contains("converged");
    assertThat(running()).doesNotContainAnyElementsOf(before);
    assertThat(cli.fails("service", "promote", "web")).contains("has no canaries to promote");
  }

  @Test
  @Order(4)
  void anUpdateIsRolledBackWhenAskedTo() throws Exception {
    assertThat(cli.ok("service", "rollback", "web")).contains("converged");
    assertThat(updateState()).isEqualTo("rollback_completed");
    assertThat(
            cli.ok(
                "service",
                "inspect",
                "web",
                "--format",
                "{{.Spec.TaskTemplate.ContainerSpec.Env}}"))
        .contains("green");
    assertThat(cli.fails("service", "rollback", "web")).contains("nothing to roll back to");
  }

  @Test
  @Order(5)
  void aPausedUpdateSaysWhyAndIsTakenUpAgainByTheNextOne() throws Exception {
    assertThat(cli.fails("service", "update", "web", "--", "sh", "-c", "exit 7"))
        .contains("service update paused", "exit (7)");
    assertThat(updateState()).isEqualTo("paused");
    cli.ok("service", "update", "--force", "web", "--", "skein", "whoami");
    assertThat(updateState()).isEqualTo("completed");
    assertThat(running()).hasSize(REPLICAS);
  }

  @Test
  @Order(6)
  void aFailedUpdateGoesBackByItselfWhereThatIsItsFailureAction() throws Exception {
    assertThat(
            cli.fails(
                "service",
                "update",
                "--update-failure-action",
                "rollback",
                "web",
                "--",
                "sh",
                "-c",
                "exit 7"))
        .contains("service rolled back");
    assertThat(updateState()).isEqualTo("rollback_completed");
    assertThat(running()).hasSize(REPLICAS);
    cli.ok("service", "rm", "web");
  }

  @Test
  @Order(7)
  void aJobRunsUntilItsTasksHaveCompletedAndAgainWhenForced() throws Exception {
    assertThat(
            cli.ok(
                "service",
                "create",
                "--name",
                "sums",
                "--mode",
                "replicated-job",
                "--replicas",
                "4",
                "--max-concurrent",
                "2",
                "--process",
                "--",
                "sh",
                "-c",
                "sleep 0.2"))
        .contains("job progress: 4 out of 4 complete", "job complete");
    assertThat(cli.ok("service", "ls", "--format", "{{.Mode}}, {{.Replicas}}"))
        .isEqualTo("replicated job, 0/2 (4/4 completed)");
    assertThat(cli.ok("service", "update", "--force", "sums")).contains("job complete");
    assertThat(
            cli.ok("service", "inspect", "sums", "--format", "{{.JobStatus.JobIteration.Index}}"))
        .isEqualTo("1");
    assertThat(
            cli.ok(
                "service",
                "create",
                "--name",
                "everywhere",
                "--mode",
                "global-job",
                "--process",
                "--",
                "true"))
        .contains("job complete");
    assertThat(
            cli.ok(
                "service",
                "ls",
                "--filter",
                "mode=global-job",
                "--format",
                "{{.Name}} {{.Replicas}}"))
        .isEqualTo("everywhere 0/0 (4/4 completed)");
    assertThat(
            cli.fails(
                "service",
                "create",
                "--mode",
                "replicated-job",
                "--update-parallelism",
                "2",
                "--process",
                "--",
                "true"))
        .contains("not supported for jobs");
    assertThat(
            cli.fails(
                "service",
                "create",
                "--mode",
                "replicated-job",
                "--restart-condition",
                "none",
                "--process",
                "--",
                "sh",
                "-c",
                "exit 7"))
        .contains("job failed: 1 of 1 tasks did not complete", "exit (7)");
  }

  @Test
  @Order(8)
  void aScheduledJobRunsByItselfAgainAndAgain() throws Exception {
    assertThat(
            cli.ok(
                "service",
                "create",
                "--name",
                "ticks",
                "--mode",
                "replicated-job",
                "--schedule",
                "*/2 * * * * *",
                "--process",
                "--",
                "true"))
        .contains("job scheduled: the next run is due at");
    awaitIteration(3);
    assertThat(cli.ok("service", "ls", "--filter", "name=ticks", "--format", "{{.Mode}}"))
        .contains("replicated job (next in ");
    assertThat(cli.ok("service", "ps", "ticks", "--format", "{{.DesiredState}}").lines())
        .contains("Complete");
    assertThat(cli.ok("service", "explain", "ticks"))
        .contains("It is scheduled by \"*/2 * * * * *\" (UTC): the next run is due at");
    cli.ok("service", "scale", "ticks=0");
    assertThat(cli.ok("service", "inspect", "--pretty", "ticks")).contains("none: suspended");
    var suspended = iteration();
    cli.ok("service", "scale", "ticks=1");
    awaitIteration(suspended + 1);
    cli.ok("service", "rm", "ticks");
    assertThat(
            cli.fails(
                "service",
                "create",
                "--mode",
                "replicated-job",
                "--schedule",
                "0 25 * * *",
                "--process",
                "--",
                "true"))
        .contains("\"25\", the hour of schedule \"0 25 * * *\", is wrong");
  }

  private long iteration() {
    return Long.parseLong(
        cli.ok("service", "inspect", "ticks", "--format", "{{.JobStatus.JobIteration.Index}}"));
  }

  private void awaitIteration(long least) throws Exception {
    Await.until(
        "iteration " + least + " of ticks",
        SOON,
        () -> assertThat(iteration()).isGreaterThanOrEqualTo(least));
  }
}
