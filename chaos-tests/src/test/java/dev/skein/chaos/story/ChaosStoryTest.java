package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Launcher;
import dev.skein.chaos.cluster.Outcome;
import dev.skein.chaos.cluster.Script;
import dev.skein.cli.daemon.DirectoryTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/// The commands of experiments and exercises, as a user types them, against a local cluster
/// with isolated nodes, which needs root.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ChaosStoryTest {

  private static final String EXPERIMENT =
      """
      apiVersion: chaos/v1
      title: The leader is killed under load
      seed: 7
      workload: {clients: 3, keys: 10, rate: 30/s, services: 1, replicas: 2}
      steadyState:
        - {probe: write_ok, p99: 5s}
        - {probe: slots_unique, mode: continuous}
      method:
        - {at: 1s, fault: kill, target: leader, for: 3s}
        - {at: 2s, fault: kill, target: w9}
      abort: [write_gap > 40s]
      guard: {deadman: 60s}
      verify: [linearizable, no_lost_ack, equal_states, one_leader_per_term, slots_unique, converged<60s]
      """;

  private static Path root;
  private static Path file;

  @BeforeAll
  static void start() throws Exception {
    root = Files.createTempDirectory("skein-chaos-story");
    file = Files.writeString(root.resolve("experiment.yaml"), EXPERIMENT);
    skein("dev", "up", "--isolated", "--managers", "3", "--workers", "1").ok();
  }

  @AfterAll
  static void stop() throws Exception {
    skein("dev", "down").ok();
    DirectoryTree.delete(root);
  }

  private static Outcome skein(String... words) throws IOException, InterruptedException {
    return Script.run(Launcher.script(), Map.of("SKEIN_DEV_ROOT", root.toString()), words);
  }

  @Test
  @Order(1)
  void anExperimentIsCheckedPlannedRunJudgedAndReported() throws Exception {
    assertThat(skein("chaos", "lint", file.toString()).ok().text()).contains("good");
    assertThat(skein("chaos", "run", "--dry-run", file.toString()).ok().text())
        .contains("kill", "leader", "w9");
    var report = root.resolve("report.html");
    var run = skein("chaos", "run", "--report", report.toString(), file.toString()).ok();
    assertThat(run.text())
        .contains("kill at m", "has ended", "PASSED")
        .contains("linearizable: held", "no-lost-write: held", "converged: held")
        .containsPattern("slots-unique: held .*longest-overlap-ms")
        // What can't be done is told, and is no success.
        .contains("step 2", "skipped", "1 steps were skipped");
    assertThat(Files.readString(report)).contains("The leader is killed under load", "<svg");
    var id = skein("chaos", "report", "-q").ok().text();
    assertThat(skein("chaos", "report", id).ok().text()).contains("PASSED", "kill at m");
    assertThat(skein("chaos", "status").ok().text()).isEqualTo("Nothing is in force.");
  }

  @Test
  @Order(2)
  void anExperimentThatWouldHurtAMajorityIsRefused() throws Exception {
    var two =
        Files.writeString(
            root.resolve("two.yaml"),
            EXPERIMENT.replace("target: w9", "target: follower").replace("at: 2s", "at: 1s"));
    assertThat(skein("chaos", "run", two.toString()).failed().err())
        .contains("2 of 3 managers", "max_managers: any");
    // One that is down counts, whatever is planned.
    skein("dev", "kill", "m3").ok();
    assertThat(skein("chaos", "run", file.toString()).failed().err())
        .contains("2 of 3 managers", "m3 ", "skein dev start");
    skein("dev", "start", "m3").ok();
  }

  @Test
  @Order(3)
  void anExerciseIsSolvedByRealCommandsAndJudgedByTheClustersState() throws Exception {
    assertThat(skein("chaos", "exercise", "start", "leader-dies", "--seed", "5").ok().text())
        .contains("The leader dies", "--predict");
    assertThat(skein("chaos", "exercise", "submit").failed().text())
        .contains("the trouble has not begun");
    skein("chaos", "exercise", "submit", "--predict", "3").ok();
    var dead =
        Await.value(
            "a node has died",
            Duration.ofSeconds(60),
            () ->
                skein("dev", "ps").ok().lines().stream()
                    .filter(line -> line.contains("stopped"))
                    .map(line -> line.substring(0, line.indexOf(' ')))
                    .findFirst());
    assertThat(skein("chaos", "exercise", "submit", "--predict", "3").failed().err())
        .contains("too late");
    assertThat(skein("chaos", "exercise", "submit", "--diagnosis", dead).failed().text())
        .contains("Not yet");
    skein("dev", "start", dead).ok();
    var judged =
        Await.value(
            "the goal is reached",
            Duration.ofSeconds(90),
            () -> {
              var submitted = skein("chaos", "exercise", "submit", "--diagnosis", dead);
              return submitted.code() == 0 ? Optional.of(submitted) : Optional.empty();
            });
    assertThat(judged.text())
        .contains("of 100 points", "The node in question was " + dead)
        .containsPattern("goal +30 of 30")
        .containsPattern("diagnosis +15 of 15");
    var scores = skein("chaos", "exercise", "score", "--format", "json").ok().text();
    var score = JsonParser.parseString(scores).getAsJsonObject();
    assertThat(score.get("Exercise").getAsString()).isEqualTo("leader-dies");
    assertThat(score.get("Points").getAsInt()).isGreaterThanOrEqualTo(45);
    assertThat(skein("chaos", "exercise", "submit").failed().err()).contains("no exercise");
  }

  @Test
  @Order(4)
  void whoGivesUpFindsTheClusterWholeAgainButNoPointsAfterALostWrite() throws Exception {
    skein("chaos", "exercise", "start", "leader-dies", "--seed", "6").ok();
    skein("chaos", "exercise", "submit", "--predict", "3").ok();
    var dead =
        Await.value(
            "a node has died",
            Duration.ofSeconds(60),
            () ->
                skein("dev", "ps").ok().lines().stream()
                    .filter(line -> line.contains("stopped"))
                    .map(line -> line.substring(0, line.indexOf(' ')))
                    .findFirst());
    var alive = dead.equals("m1") ? "m2" : "m1";
    var host = "unix://" + root.resolve(alive).resolve("skein.sock");
    // As if an older state had been brought back; the customer goes on to write higher numbers.
    Await.until(
        "the orders have gone back",
        Duration.ofSeconds(60),
        () ->
            skein("--host", host, "service", "update", "--label-add", "n=0", "exercise-orders")
                .ok());
    var before = orders(host);
    Await.until(
        "the customer writes again",
        Duration.ofSeconds(60),
        () -> assertThat(orders(host)).isGreaterThan(Math.max(1, before)));
    var given = skein("chaos", "exercise", "submit", "--give-up", "--diagnosis", dead).failed();
    assertThat(given.text())
        .contains("0 of 100 points", "acknowledged writes are lost")
        .doesNotContain("cluster that is whole");
    assertThat(skein("dev", "ps").ok().text()).doesNotContain("stopped");
    assertThat(skein("chaos", "status").ok().text()).isEqualTo("Nothing is in force.");

    // The next one begins at once in a cluster that is whole, and says why it can't in another.
    skein("chaos", "exercise", "start", "leader-dies", "--seed", "7").ok();
    skein("chaos", "exercise", "submit", "--give-up").failed();
    skein("dev", "kill", "w1").ok();
    assertThat(skein("chaos", "exercise", "start", "leader-dies").failed().err())
        .contains("a cluster that is whole", "w1's daemon does not run", "skein dev start w1")
        .contains("skein dev down, then: skein dev up --isolated");
    skein("dev", "start", "w1").ok();
  }

  private static int orders(String host) throws IOException, InterruptedException {
    var format = "{{index .Spec.Labels \"n\"}}";
    return Integer.parseInt(
        skein("--host", host, "service", "inspect", "--format", format, "exercise-orders")
            .ok()
            .text());
  }
}
