package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.Launcher;
import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.fault.InForce;
import dev.skein.chaos.fault.Injection;
import dev.skein.chaos.fault.Site;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.chaos.lab.NetworkNamespace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Faults that are more than a signal or a rule, each in a lab of real daemons: that they do what
/// they say, and that a cluster bears them. Needs root, strace and libfaketime.
class FaultStoryTest {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration DEADMAN = Duration.ofMinutes(2);
  private static final int RPC_PORT = 2377;

  /// Twice the delay, less the jitter, with which a connection to a far node is made.
  private static final Duration FAR = Duration.ofMillis(180);

  @TempDir private static Path directory;

  private static final int SNAPSHOT_INTERVAL = 100;

  /// What only daemons of the other build have in their environment.
  private static final String OTHER_BUILD = "SKEIN_TEST_BUILD=other";

  private static final String TOOK_OVER = "took over the leader's snapshot";

  /// Entries that a manager keeps behind its snapshot.
  private static final int KEPT_ENTRIES = 500;

  private static Lab lab;

  @BeforeAll
  static void start() throws Exception {
    var swarm =
        JsonParser.parseString(
            "{\"Raft\": {\"SnapshotInterval\": %d}}".formatted(SNAPSHOT_INTERVAL));
    lab =
        Lab.create(
            Launcher.script(), Lab.Plan.of(3, 1).withClocks().withSwarm(swarm.getAsJsonObject()));
  }

  @AfterAll
  static void stop() throws Exception {
    lab.close();
  }

  private static Injection inject(String name, LabNode node, Map<String, String> options)
      throws IOException {
    var fault = Catalogue.find(name).orElseThrow();
    assertThat(fault.unsupported(lab)).isEmpty();
    return fault.inject(
        new Site(lab, node, Catalogue.options(fault, options), DEADMAN, new Random(1)));
  }

  /// How long it takes to connect to a node from the network that reaches all of them; the
  /// shortest of some.
  private static Duration connecting(LabNode node) throws Exception {
    var task =
        new FutureTask<>(
            () -> {
              NetworkNamespace.enter(lab.network().orElseThrow());
              var shortest = SOON;
              for (var i = 0; i < 5; i++) {
                var begin = System.nanoTime();
                try (var socket = new Socket()) {
                  socket.connect(
                      new InetSocketAddress(node.address(), RPC_PORT), (int) SOON.toMillis());
                }
                var taken = Duration.ofNanos(System.nanoTime() - begin);
                shortest = taken.compareTo(shortest) < 0 ? taken : shortest;
              }
              return shortest;
            });
    Thread.ofPlatform().start(task);
    return task.get();
  }

  private static void create(String name, String command, String restartPolicy) throws IOException {
    create(name, 2, command, restartPolicy);
  }

  private static void create(String name, int replicas, String command, String restartPolicy)
      throws IOException {
    var spec =
        JsonParser.parseString(
            """
            {"Name": "%s",
             "TaskTemplate": {
               "Runtime": "process",
               "ContainerSpec": {"Command": ["sh", "-c", "%s"], "StopGracePeriod": 1000000000},
               "RestartPolicy": %s},
             "Mode": {"Replicated": {"Replicas": %d}}}
            """
                .formatted(name, command, restartPolicy, replicas));
    lab.ask(client -> client.post("/services/create", spec));
  }

  private static void remove(String service) throws IOException {
    lab.ask(
        client -> {
          client.delete("/services/" + service);
          return true;
        });
  }

  private static List<JsonObject> tasks(String service) throws IOException {
    var tasks = new ArrayList<JsonObject>();
    var filters = "{\"service\":[\"" + service + "\"]}";
    for (var task :
        lab.list("/tasks?filters=" + URLEncoder.encode(filters, StandardCharsets.UTF_8))) {
      tasks.add(task.getAsJsonObject());
    }
    return tasks;
  }

  @Test
  void withAFarLeaderTheClusterWorksAndAllIsNearAgainAtTheEnd() throws Exception {
    var leader = lab.leader(SOON);
    assertThat(connecting(leader)).isLessThan(FAR);
    var delay = inject("delay", leader, Map.of("ms", "100", "jitter", "10"));
    try {
      assertThat(connecting(leader)).isGreaterThanOrEqualTo(FAR);
      create("far", "sleep 1000", "{}");
      lab.await(Condition.converged("far"), SOON);
      lab.await(Condition.ready(), SOON);
    } finally {
      delay.end();
    }
    assertThat(connecting(leader)).isLessThan(FAR);
    remove("far");
  }

  /// The line that holds the frames ends with its process; the link is put back by the dead man.
  @Test
  void aFarNodeIsNearAgainWhenWhoeverMadeItSoIsKilled() throws Exception {
    var node = lab.followers(SOON).getFirst();
    killWhile(
        "delay", node, "ms: 100", () -> assertThat(connecting(node)).isGreaterThanOrEqualTo(FAR));
    Await.until("the node is near", SOON, () -> assertThat(connecting(node)).isLessThan(FAR));
  }

  @Test
  void aDamagedSnapshotIsWholeAgainWhenWhoeverDamagedItIsKilled() throws Exception {
    makeEntries(2 * SNAPSHOT_INTERVAL);
    var node = lab.followers(SOON).getFirst();
    killWhile(
        "snapshot.flip",
        node,
        "",
        () -> {
          assertThat(node.beside("kept")).exists();
          assertThat(node.isRunning()).as("started on a damaged snapshot").isFalse();
        });
    assertThat(node.isRunning()).isTrue();
    assertThat(node.beside("kept")).doesNotExist();
  }

  @Test
  void anotherBuildTakesOverAManagersStateAndGivesItBack() throws Exception {
    var manager = lab.followers(SOON).getFirst();
    create("taken-over", 4, "sleep 1000", "{}");
    var upgrade = inject("upgrade", manager, Map.of("to", otherBuild()));
    try {
      assertThat(isOther(manager)).isTrue();
      awaitSameState(manager);
      remove("taken-over");
      create("given-back", 4, "sleep 1000", "{}");
    } finally {
      upgrade.end();
    }
    assertThat(isOther(manager)).isFalse();
    lab.await(Condition.ready(), SOON);
    lab.await(Condition.converged("given-back"), SOON);
    awaitSameState(manager);

    killWhile(
        "upgrade", manager, "to: " + otherBuild(), () -> assertThat(isOther(manager)).isTrue());
    assertThat(isOther(manager)).isFalse();
    awaitSameState(manager);
    remove("given-back");
  }

  /// The script of what looks like another checkout, whose daemons can be told by a variable.
  private static String otherBuild() throws IOException {
    var other = directory.resolve("other");
    var script = other.resolve("skein");
    if (!Files.exists(script)) {
      Files.createDirectory(other);
      var top = Objects.requireNonNull(Launcher.script().toRealPath().getParent());
      for (var part : List.of("pom.xml", "cli", "chaos-tests")) {
        Files.createSymbolicLink(other.resolve(part), top.resolve(part));
      }
      var text = Files.readString(top.resolve("skein"));
      Files.writeString(
          script, text.replaceFirst("\n", "\nexport SKEIN_NO_BUILD=1 " + OTHER_BUILD + "\n"));
      Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }
    return script.toString();
  }

  private static boolean isOther(LabNode node) throws IOException {
    var daemon = Files.readString(node.beside("daemon.pid")).split(" ", -1)[0];
    try {
      return Files.readString(Path.of("/proc", daemon, "environ"), StandardCharsets.ISO_8859_1)
          .contains(OTHER_BUILD);
    } catch (FileSystemException e) {
      // It has been killed, and the next one not yet started.
      return false;
    }
  }

  /// Injects a fault by a process of its own, which is killed once a condition holds, and waits
  /// until the fault is undone all the same.
  private static void killWhile(String fault, LabNode node, String options, Await.Step holds)
      throws Exception {
    var file =
        Files.writeString(
            directory.resolve(fault + ".yaml"),
            """
            apiVersion: chaos/v1
            title: Whoever injects it is killed
            method:
              - {at: 0s, fault: %s, target: %s, for: 60s, options: {%s}}
            """
                .formatted(fault, node.name(), options));
    var run =
        new ProcessBuilder(Launcher.script().toString(), "chaos", "run", file.toString())
            .redirectOutput(directory.resolve(fault + ".log").toFile())
            .redirectErrorStream(true);
    run.environment().put("SKEIN_DEV_ROOT", lab.root().toString());
    run.environment().put("SKEIN_NO_BUILD", "1");
    var process = run.start();
    try {
      Await.until(fault + " is in force", SOON, holds);
    } finally {
      process.destroyForcibly().waitFor();
    }
    lab.await(new Condition("nothing is in force", FaultStoryTest::inForce), SOON);
    lab.await(Condition.ready(), SOON);
  }

  private static Optional<String> inForce(Cluster cluster) throws IOException {
    return InForce.all(cluster).stream().findFirst().map(found -> found.what().toString());
  }

  @Test
  void aLeaderThatCanNotFsyncEndsAndNothingThatWasAcknowledgedIsLost() throws Exception {
    var leader = lab.leader(SOON);
    var acknowledged = new ArrayList<String>();
    var fault = inject("disk.sync-fail", leader, Map.of());
    try {
      Await.until(
          "the daemon has ended",
          Duration.ofSeconds(20),
          () -> {
            write("asked-" + acknowledged.size(), acknowledged);
            assertThat(leader.isRunning()).isFalse();
          });
      assertThat(leader.logFrom(0)).contains("could not be stored", "check the disk");
      lab.await(new Condition("a write is taken", lab -> writes(acknowledged)), SOON);
    } finally {
      fault.end();
    }
    lab.await(Condition.ready(), SOON);
    requireKept(acknowledged);
  }

  private static void requireKept(List<String> acknowledged) throws IOException {
    var kept = new ArrayList<String>();
    for (var service : lab.list("/services")) {
      kept.add(service.getAsJsonObject().getAsJsonObject("Spec").get("Name").getAsString());
    }
    assertThat(kept).containsAll(acknowledged);
    assertThat(acknowledged).isNotEmpty();
  }

  @Test
  void aManagerWhoseDiskIsFullEndsAndComesBackWhenThereIsRoom() throws Exception {
    var leader = lab.leader(SOON);
    var acknowledged = new ArrayList<String>();
    write("before-it-was-full", acknowledged);
    var fault = inject("disk.full", leader, Map.of());
    try {
      // At once: not when the megabytes that its log had allocated ahead are used up.
      Await.until(
          "the daemon has ended",
          Duration.ofSeconds(5),
          () -> {
            write("full-" + acknowledged.size(), acknowledged);
            assertThat(leader.isRunning()).isFalse();
          });
      assertThat(leader.logFrom(0)).contains("could not be stored", "No space left on device");
      lab.await(new Condition("a write is taken", lab -> writes(acknowledged)), SOON);
    } finally {
      fault.end();
    }
    lab.await(Condition.ready(), SOON);
    requireKept(acknowledged);
  }

  /// Ratis fsyncs nothing of a snapshot that it receives.
  @ParameterizedTest
  @ValueSource(strings = {"demote", "kill"})
  void powerThatFailsAfterAManagerTookOverTheLeadersSnapshotTakesNothingOfIt(String absence)
      throws Exception {
    var manager = lab.followers(SOON).getFirst();
    var other = lab.followers(SOON).getLast();
    var away = absence.equals("kill") ? inject("kill", manager, Map.of()) : null;
    // Only whole segments of the log are dropped, and a new leader's term begins another.
    inject("lead", other, Map.of()).end();
    makeEntries(KEPT_ENTRIES + 2 * SNAPSHOT_INTERVAL);
    if (away == null) {
      away = inject("demote", manager, Map.of());
    }
    var before = Files.size(manager.log());
    away.end();
    Await.until(
        "it was sent a snapshot",
        SOON,
        () -> assertThat(manager.logFrom(before)).as(manager.name()).contains(TOOK_OVER));
    // The leader sends what comes after the snapshot only to whom it knows to have it.
    makeEntries(2);
    awaitSameState(manager);

    var cut = inject("power.cut", manager, Map.of());
    var off = Files.size(manager.log());
    cut.end();

    lab.await(Condition.ready(), SOON);
    awaitSameState(manager);
    assertThat(manager.logFrom(off)).as("it has it, and needs no other").doesNotContain(TOOK_OVER);
  }

  private static void awaitSameState(LabNode manager) throws Exception {
    Await.until(
        manager + " has all that the leader has",
        SOON,
        () -> assertThat(state(manager)).isEqualTo(state(lab.leader(SOON))));
  }

  /// The index and the digest of a manager's own copy of the state.
  private static JsonObject state(LabNode manager) throws IOException {
    try (var client = manager.client(10)) {
      return client.object("/skein/v1/state");
    }
  }

  /// Makes and removes services, each a change for itself.
  private static void makeEntries(int count) throws IOException {
    for (var i = 0; i < count / 2; i++) {
      create("entry-" + i, 0, "true", "{}");
      remove("entry-" + i);
    }
  }

  private static Optional<String> writes(List<String> acknowledged) {
    var before = acknowledged.size();
    write("written-" + before, acknowledged);
    return acknowledged.size() > before ? Optional.empty() : Optional.of("not yet");
  }

  private static void write(String name, List<String> acknowledged) {
    try {
      create(name, 0, "true", "{}");
      acknowledged.add(name);
    } catch (IOException e) {
      // Refused or in doubt: it is not counted.
    }
  }

  /// What waits while the clock is wrong, and when it is right again, waits no hour.
  @ParameterizedTest
  @CsvSource({"leader, +1h", "leader, -1h", "worker, +1h", "worker, -1h"})
  void aClockThatJumpsGivesNobodyUpAndMakesNobodyWait(String who, String by) throws Exception {
    var node = who.equals("leader") ? lab.leader(SOON) : lab.workers().getFirst();
    create("steady", "sleep 1000", "{}");
    create("restless", "sleep 1", "{\"Delay\": 1000000000}");
    lab.await(Condition.converged("steady"), SOON);
    var steady = ids("steady");
    var jump = inject("clock.offset", node, Map.of("by", by));
    try {
      moreOf("restless");
      lab.await(Condition.ready(), SOON);
    } finally {
      jump.end();
    }
    moreOf("restless");
    lab.await(Condition.ready(), SOON);
    // Whoever was thought dead would have been replaced.
    assertThat(ids("steady")).isEqualTo(steady);
    remove("steady");
    remove("restless");
  }

  private static List<String> ids(String service) throws IOException {
    return tasks(service).stream().map(task -> task.get("ID").getAsString()).sorted().toList();
  }

  /// Awaits that tasks were restarted again and again, after their delay.
  private static void moreOf(String service) throws Exception {
    var seen = new HashSet<>(ids(service));
    var before = seen.size();
    Await.until(
        service + " restarts",
        SOON,
        () -> {
          seen.addAll(ids(service));
          assertThat(seen.size()).isGreaterThan(before + 5);
        });
  }

  @Test
  void aClockThatJumpsAgainAndAgainIsRightAtTheEnd() throws Exception {
    var leader = lab.leader(SOON);
    create("jumped", "sleep 1000", "{}");
    var clock = leader.beside("clock");
    var jumps = inject("clock.jump", leader, Map.of("by", "1h"));
    try {
      for (var shown : List.of("+1h", "-1h", "+0s", "+1h")) {
        Await.until(shown, SOON, () -> assertThat(clock).hasContent(shown));
      }
      lab.await(Condition.converged("jumped"), SOON);
    } finally {
      jumps.end();
    }
    assertThat(clock).hasContent("+0s");
    lab.await(Condition.ready(), SOON);
    remove("jumped");
  }
}
