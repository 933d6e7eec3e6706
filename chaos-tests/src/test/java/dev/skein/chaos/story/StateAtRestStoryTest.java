package dev.skein.chaos.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.cluster.FileTree;
import dev.skein.chaos.cluster.Tasks;
import dev.skein.chaos.cluster.TestCluster;
import dev.skein.chaos.cluster.TestNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a daemon keeps on disk: nothing that a thief of the disk could read, and nothing damaged or
/// foreign that it would serve. One cluster; each test goes on where the one before it ended.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class StateAtRestStoryTest {

  private static final int SNAPSHOT_ENTRIES = 25;

  @RegisterExtension
  static final TestCluster CLUSTER =
      TestCluster.of(1, 1, "--snapshot-interval", "" + SNAPSHOT_ENTRIES);

  private static final Duration SOON = Duration.ofMinutes(2);
  private static final String MARKER = "Plaintext-7f3a91c2e8";

  private final TestNode manager = CLUSTER.node("m1");
  private final TestNode worker = CLUSTER.node("w1");

  @Test
  @Order(1)
  void nothingOfTheClustersStateIsReadableOnAManagersDisk() throws Exception {
    manager
        .cli()
        .ok(
            "service",
            "create",
            "--name",
            "hidden",
            "--label",
            "note=" + MARKER,
            "--env",
            "NOTE=" + MARKER,
            "--constraint",
            "node.hostname==w1",
            "--process",
            "--",
            "sleep",
            "100000");
    for (var i = 0; i < 2 * SNAPSHOT_ENTRIES; i++) {
      manager.cli().ok("node", "update", "--label-add", "count=" + i, "w1");
    }
    var raft = manager.data().resolve("raft");
    Await.until("a snapshot is written", SOON, () -> assertThat(snapshots()).isNotEmpty());
    assertThat(FileTree.named(raft, "log_")).isNotEmpty();

    var swarm = manager.get("/swarm").getAsJsonObject("JoinTokens");
    for (var role : List.of("Worker", "Manager")) {
      var token = swarm.get(role).getAsString();
      var secret = token.substring(token.lastIndexOf('-') + 1);
      assertThat(FileTree.containing(manager.data(), secret)).isEmpty();
    }
    // The manager runs no task with it, so not even its worker's half knows it.
    assertThat(FileTree.containing(manager.data(), MARKER)).isEmpty();
    assertThat(FileTree.containing(raft, "hidden")).isEmpty();
    // Its own key is the only one: the authority's never leaves the sealed state.
    assertThat(FileTree.containing(manager.data(), "PRIVATE KEY")).containsExactly("identity.pem");
  }

  private List<Path> snapshots() throws IOException {
    return FileTree.named(manager.data().resolve("raft"), "snapshot").stream()
        .filter(file -> !file.toString().endsWith(".md5"))
        .toList();
  }

  @Test
  @Order(2)
  void whatANodeMustHaveInPlaintextIsForItsOwnerOnly() throws Exception {
    // The worker's half keeps the specs of its own tasks to run them without a manager, and the
    // task's environment is in the kernel anyway.
    assertThat(FileTree.containing(worker.data(), MARKER))
        .isNotEmpty()
        .allMatch(file -> file.startsWith("worker/"));
    for (var node : CLUSTER.nodes()) {
      for (var name : List.of("identity.pem", "node.txt")) {
        assertThat(permissions(node.data().resolve(name))).as(name).isEqualTo("rw-------");
      }
      assertThat(permissions(node.data())).isEqualTo("rwx------");
    }
    for (var name : List.of("wrapping.key", "data-keys")) {
      assertThat(permissions(manager.data().resolve(name))).as(name).isEqualTo("rw-------");
      assertThat(worker.data().resolve(name)).doesNotExist();
    }
    for (var file : FileTree.containing(worker.data(), MARKER)) {
      assertThat(permissions(worker.data().resolve(file))).as(file).isEqualTo("rw-------");
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  @Order(3)
  void aSecondDaemonOnTheSameDirectoryIsRefused() throws Exception {
    var second = CLUSTER.addStranger("second");
    second.useDataOf(manager);
    second.launch();
    assertThat(second.awaitEnd()).isEqualTo(1);
    assertThat(second.logTail()).contains("another daemon uses " + manager.data());
    assertThat(manager.cli().ok("node", "ls", "-q").lines()).hasSize(2);
    second.useOwnData();
  }

  @Test
  @Order(4)
  void damagedOrForeignStateIsNeverServed() throws Exception {
    var services = services();
    var foreign = CLUSTER.addStranger("foreign");
    foreign.start();
    CLUSTER.init(foreign);
    foreign.terminate();
    manager.terminate();
    var intact = manager.directory().resolve("intact");
    FileTree.copy(manager.data(), intact);
    try {
      for (var damage : damages(foreign)) {
        FileTree.copy(intact, manager.data());
        var file = damage.change().to(manager.data());
        Files.write(manager.log(), new byte[0]);
        manager.launch();
        assertThat(manager.awaitEnd()).as(damage.name()).isEqualTo(1);
        assertThat(manager.logTail())
            .as(damage.name())
            .contains(String.valueOf(file.getFileName()));
      }
    } finally {
      FileTree.copy(intact, manager.data());
      dev.skein.cli.daemon.DirectoryTree.delete(intact);
    }
    manager.start();
    CLUSTER.awaitReady(2, 1);
    assertThat(services()).isEqualTo(services);
    Tasks.awaitRunning(manager, "hidden", 1);
  }

  private String services() {
    return manager.cli().ok("service", "ls", "--format", "{{.ID}} {{.Name}}");
  }

  /// Something that is wrong on disk.
  private record Damage(String name, Change change) {}

  /// Does the damage below a daemon's directory.
  private interface Change {
    /// @return the file that the daemon must name
    Path to(Path data) throws IOException;
  }

  private static List<Damage> damages(TestNode foreign) {
    return List.of(
        new Damage(
            "a newer format",
            data -> {
              var file = data.resolve("node.txt");
              Files.writeString(file, Files.readString(file).replace("format: 1", "format: 99"));
              return file;
            }),
        new Damage(
            "an identity that is cut off",
            data -> {
              var file = data.resolve("identity.pem");
              FileTree.truncate(file, Files.size(file) / 2);
              return file;
            }),
        new Damage(
            "data keys of another cluster",
            data -> {
              Files.write(
                  data.resolve("data-keys"),
                  Files.readAllBytes(foreign.data().resolve("data-keys")));
              return data.resolve("data-keys");
            }),
        new Damage(
            "the replicated state of another cluster",
            data -> {
              FileTree.copy(foreign.data().resolve("raft"), data.resolve("raft"));
              return data.resolve("raft");
            }),
        new Damage(
            "the replicated state is gone, as from a disk that was wiped or is not mounted",
            data -> {
              dev.skein.cli.daemon.DirectoryTree.delete(data.resolve("raft"));
              return data.resolve("raft");
            }),
        new Damage(
            "a flipped bit in the log",
            data -> {
              var file = FileTree.named(data.resolve("raft"), "log_").getLast();
              FileTree.flip(file, 100);
              return file;
            }),
        new Damage(
            "a flipped bit in the newest snapshot",
            data -> {
              var file = newestSnapshot(data);
              FileTree.flip(file, Files.size(file) / 2);
              return file;
            }),
        new Damage(
            "a snapshot that is cut off",
            data -> {
              var file = newestSnapshot(data);
              FileTree.truncate(file, Files.size(file) / 2);
              return file;
            }));
  }

  private static Path newestSnapshot(Path data) throws IOException {
    return FileTree.named(data.resolve("raft"), "snapshot").stream()
        .filter(file -> !file.toString().endsWith(".md5"))
        .max(
            java.util.Comparator.comparingLong(
                file -> {
                  var name = file.getFileName().toString();
                  return Long.parseLong(name.substring(name.lastIndexOf('_') + 1));
                }))
        .orElseThrow();
  }
}
