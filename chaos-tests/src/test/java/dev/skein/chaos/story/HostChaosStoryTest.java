package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Launcher;
import dev.skein.chaos.cluster.Outcome;
import dev.skein.chaos.cluster.Script;
import dev.skein.chaos.cluster.TestCluster;
import dev.skein.cli.daemon.DaemonProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Experiments on a cluster that is known by its API alone, as a real one would be: its daemons run
/// on this machine, but nothing of that is used.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostChaosStoryTest {

  private static final String EXPERIMENT =
      """
      apiVersion: chaos/v1
      title: A worker is killed and the leader changes
      seed: 7
      workload: {clients: 2, keys: 6, rate: 20/s, services: 1, replicas: 2}
      steadyState:
        - {probe: write_ok, p99: 10s}
      method:
        - {at: 1s, fault: kill, target: w1, for: 5s}
        - {at: 3s, fault: lead, target: m2}
        - {at: 3s, fault: disk.full, target: w1}
        - {at: 14s, fault: partition, target: w1, for: 2s}
        - {at: 15s, fault: demote, target: m2, for: 4s}
      abort: [write_gap > 90s]
      guard: {deadman: 60s}
      verify: [linearizable, no_lost_ack, equal_states, one_leader_per_term, slots_unique, converged<90s]
      """;

  @RegisterExtension static final TestCluster CLUSTER = TestCluster.of(3, 1);

  @TempDir private static Path top;

  /// A command of a user who knows the cluster by one of its managers.
  private static Outcome skein(String... words) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("--host", CLUSTER.node("m1").host()));
    all.addAll(List.of(words));
    return Script.run(
        Launcher.script(),
        Map.of("SKEIN_DEV_ROOT", top.resolve("dev").toString()),
        all.toArray(String[]::new));
  }

  private static String experiment(String name, String text) throws IOException {
    return Files.writeString(top.resolve(name), text).toString();
  }

  private static ProcessHandle daemonOf(String node) throws IOException {
    return DaemonProcess.of(CLUSTER.node(node).data()).orElseThrow();
  }

  private static boolean isPaused(String node) throws IOException {
    var stat = Files.readString(Path.of("/proc", Long.toString(daemonOf(node).pid()), "stat"));
    return stat.startsWith("T", stat.lastIndexOf(')') + 2);
  }

  @Test
  @Order(1)
  void whereNoLabelAllowsItNothingIsDone() throws Exception {
    assertThat(skein("chaos", "run", experiment("kill.yaml", EXPERIMENT)).failed().err())
        .contains("step 1", "w1 does not carry the label chaos.allowed=true")
        .contains("skein node update --label-add chaos.allowed=true w1")
        .contains("step 2", "m2 does not carry");
    assertThat(skein("service", "ls", "-q").ok().text()).isEmpty();
    assertThat(skein("chaos", "doctor").ok().text()).contains("kill", "m3 does not carry");
  }

  @Test
  @Order(2)
  void theClusterCarriesAFaultToALabelledNodeAndIsLeftAsItWas() throws Exception {
    skein("node", "update", "--label-add", "chaos.allowed=true", "w1").ok();
    skein("node", "update", "--label-add", "chaos.allowed=true", "m2").ok();
    // Of the user's own, with a name that experiments could have chosen.
    skein("service", "create", "--name", "chaos-service-1", "--process", "--", "sleep", "1000")
        .ok();
    var before = daemonOf("w1").pid();
    var run =
        skein(
            "chaos",
            "run",
            "--via",
            CLUSTER.node("m2").host(),
            "--via",
            CLUSTER.node("m3").host(),
            experiment("kill.yaml", EXPERIMENT));
    assertThat(run.text())
        .contains("kill at w1", "kill at w1 has ended", "lead at m2", "PASSED")
        .contains("demote at m2", "demote at m2 has ended")
        .contains("linearizable: held", "equal-states: held", "converged: held")
        .contains("slots-unique: held", "whether two tasks of a slot really ran at once was not")
        .doesNotContain("longest-overlap")
        // What can't be done or seen from afar is told, and is no success.
        .contains("step 3", "only for the local cluster", "2 steps were skipped")
        .contains("step 4 partition w1 is skipped: w1 and m1 are on one machine")
        .contains("one-leader-per-term can't be seen from here");
    assertThat(run.code()).isZero();
    assertThat(daemonOf("w1").pid()).isNotEqualTo(before);
    assertThat(skein("service", "ls", "--format", "{{.Name}}").ok().text())
        .isEqualTo("chaos-service-1");
    assertThat(skein("chaos", "status").ok().text()).isEqualTo("Nothing is in force.");
  }

  @Test
  @Order(3)
  void whatARunThatWasKilledLeftEndsByItselfOrByStop() throws Exception {
    var longer =
        experiment(
            "pause.yaml",
            EXPERIMENT.replace(
                "fault: kill, target: w1, for: 5s", "fault: pause, target: w1, for: 40s"));
    var run =
        new ProcessBuilder(
                Launcher.script().toString(),
                "--host",
                CLUSTER.node("m1").host(),
                "chaos",
                "run",
                longer)
            .redirectOutput(top.resolve("killed.log").toFile())
            .redirectErrorStream(true);
    run.environment().put("SKEIN_DEV_ROOT", top.resolve("dev").toString());
    run.environment().put("SKEIN_NO_BUILD", "1");
    var process = run.start();
    Await.until(
        "the worker is paused", Duration.ofMinutes(2), () -> assertThat(isPaused("w1")).isTrue());
    process.destroyForcibly().waitFor();
    assertThat(skein("chaos", "status").ok().text()).contains("pause", "w1");
    assertThat(skein("chaos", "run", experiment("kill.yaml", EXPERIMENT)).failed().err())
        .contains("stop --all");
    assertThat(skein("chaos", "stop", "--all").ok().text()).contains("removed");
    Await.until(
        "the worker goes on", Duration.ofMinutes(2), () -> assertThat(isPaused("w1")).isFalse());
    assertThat(skein("service", "ls", "--format", "{{.Name}}").ok().text())
        .isEqualTo("chaos-service-1");
  }

  /// Makes an authority, and a key with a certificate that a daemon and its clients use.
  private static final String CERTIFICATES =
      """
      cd "$0"
      key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
      openssl req -x509 $key -keyout ca-key.pem -out ca.pem -subj /CN=authority -days 2
      openssl req $key -keyout key.pem -out request.pem -subj /CN=node
      echo "subjectAltName=IP:$1" >names
      openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 \
        -extfile names -out cert.pem
      """;

  /// Needs openssl.
  @Test
  @Order(4)
  void aClusterIsNamedByTcpWithACertificateOfTheClients() throws Exception {
    var m1 = CLUSTER.node("m1");
    var keys = Files.createDirectory(top.resolve("keys"));
    var made =
        new ProcessBuilder("sh", "-ec", CERTIFICATES, keys.toString(), m1.address())
            .redirectErrorStream(true)
            .redirectOutput(top.resolve("keys.log").toFile())
            .start();
    assertThat(made.waitFor()).as("apt-get install openssl").isZero();
    var listen = m1.address() + ":2376";
    var files = new String[] {"ca.pem", "cert.pem", "key.pem"};
    for (var i = 0; i < files.length; i++) {
      files[i] = keys.resolve(files[i]).toString();
    }
    m1.useOptions(
        "--api-listen",
        listen,
        "--api-tlscacert",
        files[0],
        "--api-tlscert",
        files[1],
        "--api-tlskey",
        files[2]);
    m1.terminate();
    m1.start();
    CLUSTER.awaitReady(4, 3);
    var experiment =
        experiment(
            "crash.yaml",
            EXPERIMENT
                .replaceAll("(?m)^ *- .at: (3|14|15)s.*\n", "")
                .replace("fault: kill", "fault: crash"));
    var words = new ArrayList<>(List.of("--host", "tcp://" + listen));
    words.addAll(List.of("--tlscacert", files[0], "--tlscert", files[1], "--tlskey", files[2]));
    words.addAll(List.of("chaos", "run", experiment));
    var environment = Map.of("SKEIN_DEV_ROOT", top.resolve("dev").toString());
    var run = Script.run(Launcher.script(), environment, words.toArray(String[]::new)).ok();
    assertThat(run.text()).contains("crash at w1", "crash at w1 has ended", "PASSED");
    // Without a certificate nobody is heard.
    assertThat(
            Script.run(
                    Launcher.script(),
                    environment,
                    "--host",
                    "tcp://" + listen,
                    "--tlscacert",
                    files[0],
                    "chaos",
                    "status")
                .failed()
                .err())
        .contains("--tlscert");
  }
}
