package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Cli;
import dev.skein.chaos.cluster.Http;
import dev.skein.chaos.cluster.Tasks;
import dev.skein.chaos.cluster.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// What is under way when the leader changes goes on where it stood: all that it was is in the
/// replicated state. One cluster; each test goes on where the one before it ended.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class LeaderChangeStoryTest {

  @RegisterExtension static final TestCluster CLUSTER = TestCluster.of(3, 2);

  /// One line for each task of a job that began.
  @TempDir static Path directory;

  private static final Duration SOON = Duration.ofMinutes(2);
  private static final int IDLE_PORT = 8095;
  private static final int REPLICAS = 6;

  private Cli cli() throws Exception {
    return CLUSTER.leader().cli();
  }

  private String inspected(String service, String template) throws Exception {
    return cli().ok("service", "inspect", service, "--format", template);
  }

  private String updateState(String service) throws Exception {
    return inspected(service, "{{.UpdateStatus.State}}");
  }

  private Set<String> running(String service, int count) throws Exception {
    return Tasks.ids(Tasks.awaitRunning(CLUSTER.leader(), service, count));
  }

  private long iteration(String service) throws Exception {
    return Long.parseLong(inspected(service, "{{.JobStatus.JobIteration.Index}}"));
  }

  private static List<String> begun(String service) throws IOException {
    var file = directory.resolve(service);
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  private void create(String name, int replicas, String... options) throws Exception {
    var words = new ArrayList<>(List.of("service", "create", "--name", name, "--detach"));
    words.addAll(List.of("--replicas", "" + replicas, "--update-monitor", "500ms"));
    words.addAll(List.of("--constraint", "node.role==worker", "--restart-delay", "0s"));
    words.addAll(List.of(options));
    words.addAll(List.of("--process", "--", "skein", "whoami"));
    cli().ok(words.toArray(String[]::new));
    running(name, replicas);
  }

  private void schedule(String concurrency) throws Exception {
    cli()
        .ok(
            "service",
            "create",
            "--name",
            concurrency,
            "--mode",
            "replicated-job",
            "--schedule",
            "*/2 * * * * *",
            "--concurrency",
            concurrency,
            // A task whose node is drained is run again elsewhere, which is no doubled run.
            "--constraint",
            "node.hostname==w1",
            "--process",
            "--",
            "sh",
            "-c",
            "echo {{.Task.ID}} >>%s; exec sleep 3".formatted(directory.resolve(concurrency)));
  }

  @Test
  @Order(1)
  void muchIsUnderWay() throws Exception {
    for (var concurrency : List.of("forbid", "allow", "replace")) {
      schedule(concurrency);
    }
    create("idle", 1, "--publish", IDLE_PORT + ":80");
    create("canary", 3, "--publish", "80");
    create("paused", 2, "--publish", "80");
    create("web", REPLICAS, "--publish", "80", "--update-order", "start-first");
    cli()
        .ok(
            "service",
            "autoscale",
            "--min",
            "0",
            "--max",
            "2",
            "--target-connections",
            "5",
            "--scale-down-delay",
            "1s",
            "idle");
    assertThat(
            cli()
                .ok(
                    "service",
                    "update",
                    "--update-canary",
                    "1",
                    "--env-add",
                    "COLOUR=blue",
                    "canary"))
        .contains("1 of 3 replicas run the new version");
    assertThat(cli().fails("service", "update", "paused", "--", "sh", "-c", "exit 7"))
        .contains("service update paused");
    Await.until(
        "nobody uses the idle service",
        SOON,
        () -> assertThat(Tasks.alive(CLUSTER, "idle")).isEmpty());
  }

  @Test
  @Order(2)
  void aRollingUpdateGoesOnUnderANewLeaderThatWasHandedTheLead() throws Exception {
    var before = running("web", REPLICAS);
    cli().ok("service", "update", "--detach", "--update-delay", "500ms", "--force", "web");
    var heir = CLUSTER.follower().name();
    Await.until(
        heir + " leads",
        SOON,
        () -> {
          // One that is not ready for it yet does not take over.
          var _ = cli().run("node", "lead", heir);
          assertThat(CLUSTER.leader().name()).isEqualTo(heir);
        });
    awaitUpdated(before);
  }

  private void awaitUpdated(Set<String> before) throws Exception {
    Await.until(
        "the update completes, and has replaced all",
        SOON,
        () -> {
          assertThat(updateState("web")).isEqualTo("completed");
          assertThat(running("web", REPLICAS)).doesNotContainAnyElementsOf(before);
        });
  }

  @Test
  @Order(3)
  void aRollingUpdateAndADrainGoOnWhenTheLeaderIsKilled() throws Exception {
    var before = running("web", REPLICAS);
    var w2 = CLUSTER.node("w2").id();
    cli().ok("service", "update", "--detach", "--force", "web");
    cli().ok("node", "update", "--availability", "drain", "--drain-deadline", "5m", "w2");
    var killed = CLUSTER.leader();
    killed.kill();
    awaitUpdated(before);
    Await.until(
        "w2 is empty", SOON, () -> assertThat(CLUSTER.node("w2").taskProcesses()).isEmpty());
    assertThat(Tasks.awaitRunning(CLUSTER.leader(), "web", REPLICAS))
        .noneMatch(task -> task.node().equals(w2));
    cli().ok("node", "update", "--availability", "active", "w2");
    killed.start();
    CLUSTER.awaitReady(5, 3);
  }

  @Test
  @Order(4)
  void aServiceAtZeroIsWokenUnderTheNewLeader() throws Exception {
    assertThat(Tasks.alive(CLUSTER, "idle")).isEmpty();
    assertThat(Http.whoami(CLUSTER.node("w1").address(), IDLE_PORT)).containsKey("Task");
    assertThat(cli().ok("service", "autoscale", "idle")).contains("scaled from 0 to 1 replicas");
  }

  @Test
  @Order(5)
  void aCanaryHasWaitedToBePromotedAndAPausedUpdateToBeTakenUp() throws Exception {
    assertThat(updateState("canary")).isEqualTo("canary");
    var canaries = running("canary", 3);
    assertThat(cli().ok("service", "promote", "canary")).contains("converged");
    // The canary itself stays.
    assertThat(running("canary", 3).stream().filter(canaries::contains)).hasSize(1);
    assertThat(updateState("paused")).isEqualTo("paused");
    assertThat(cli().ok("service", "update", "paused", "--", "skein", "whoami"))
        .contains("converged");
  }

  @Test
  @Order(6)
  void noRunOfAScheduledJobWasLostOrDoubled() throws Exception {
    for (var job : List.of("forbid", "allow", "replace")) {
      cli().ok("service", "update", "--detach", "--schedule-rm", job);
    }
    for (var job : List.of("forbid", "allow")) {
      var runs = (int) iteration(job);
      assertThat(runs).isGreaterThan(3);
      Await.until(
          "each run of " + job + " has begun",
          SOON,
          () -> assertThat(begun(job)).hasSizeGreaterThanOrEqualTo(runs));
      assertThat(begun(job)).hasSize(runs).doesNotHaveDuplicates();
    }
    // What a run replaces may not have come to begin.
    assertThat(begun("replace"))
        .hasSizeBetween(3, (int) iteration("replace"))
        .doesNotHaveDuplicates();
  }
}
