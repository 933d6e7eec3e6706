package dev.skein.state.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.state.ratis.TestCluster.Member;
import dev.skein.state.seal.Keyring;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is on disk: that nothing readable is, and that damage is refused.
final class StorageTest {
  private static final String SECRET = "a-secret-that-must-not-be-readable";

  @TempDir Path root;
  private @Nullable Keyring keyring;

  @Test
  void nothingProposedCanBeReadFromTheDirectory() throws Exception {
    try (TestCluster cluster = TestCluster.of(3, root)) {
      for (int i = 0; i < 20; i++) {
        cluster.put("k" + i, SECRET);
      }
      cluster.awaitEverywhere("k19", SECRET);
      for (Member member : cluster.members.values()) {
        member.node.snapshotNow().get(10, TimeUnit.SECONDS);
      }
    }
    int files = 0;
    for (Path file : files()) {
      String content = Files.readString(file, StandardCharsets.ISO_8859_1);
      assertThat(content).as(file.toString()).doesNotContain(SECRET).doesNotContain("k19=");
      files++;
    }
    assertThat(files).isGreaterThan(12);
    assertThat(files()).anyMatch(file -> file.getFileName().toString().startsWith("snapshot."));
  }

  @Test
  void aFlippedBitInTheLogIsRefusedWithTheFilesName() throws Exception {
    RaftMember member = writeAndStop(1);
    Path log = only("log_inprogress_");
    flip(log, position(log) / 2);
    assertRefused(member, log);
  }

  @Test
  void aFlippedBitInTheLastEntryIsNotTakenForATornWrite() throws Exception {
    RaftMember member = writeAndStop(1);
    Path log = only("log_inprogress_");
    flip(log, position(log) - 20);
    assertRefused(member, log);
  }

  @Test
  void aTornLastWriteIsDroppedAndTheRestServed() throws Exception {
    RaftMember member = writeAndStop(1);
    Path log = only("log_inprogress_");
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
      file.setLength(position(log) - 20);
    }
    try (TestCluster same = new TestCluster(root, "c1", Objects.requireNonNull(keyring))) {
      Member back = same.start(member, List.of(member));
      assertThat(same.put("new", "1").index()).isPositive();
      assertThat(back.machine.values()).hasSizeGreaterThan(20);
    }
  }

  @Test
  void aDamagedSnapshotIsRefusedWithTheFilesName() throws Exception {
    for (boolean truncate : new boolean[] {false, true}) {
      Path directory = Files.createDirectory(root.resolve("t" + truncate));
      RaftMember member;
      try (TestCluster cluster = TestCluster.of(1, directory)) {
        cluster.put("a", "1");
        Member only = cluster.awaitLeader();
        member = only.id;
        only.node.snapshotNow().get(10, TimeUnit.SECONDS);
        cluster.stopAll();
        Path snapshot;
        try (Stream<Path> all = Files.walk(directory)) {
          snapshot =
              all.filter(f -> f.getFileName().toString().matches("snapshot\\.\\d+_\\d+"))
                  .findFirst()
                  .orElseThrow();
        }
        if (truncate) {
          try (RandomAccessFile file = new RandomAccessFile(snapshot.toFile(), "rw")) {
            file.setLength(file.length() - 1);
          }
        } else {
          flip(snapshot, Files.size(snapshot) - 5);
        }
        assertThatThrownBy(() -> cluster.start(member, List.of()))
            .isInstanceOf(RaftStorageException.class)
            .hasMessageContaining(snapshot.toString());
      }
    }
  }

  @Test
  void whatAnInterruptedTakeoverOfASnapshotLeftIsClearedUp() throws Exception {
    RaftMember member;
    try (TestCluster cluster = TestCluster.of(1, root)) {
      cluster.put("a", SECRET);
      Member only = cluster.awaitLeader();
      member = only.id;
      only.node.snapshotNow().get(10, TimeUnit.SECONDS);
      cluster.stopAll();
      Path snapshots = Objects.requireNonNull(only("snapshot.").getParent());
      Path group = Objects.requireNonNull(snapshots.getParent());

      // Before the renames, between them, and after them.
      for (List<String> left :
          List.of(
              List.of("tmp/snapshot-1"),
              List.of("tmp/snapshot-2", "sm.tmp20260101"),
              List.of("sm.tmp20260102"))) {
        for (String directory : left) {
          Path half = Files.createDirectories(group.resolve(directory));
          Files.writeString(half.resolve("snapshot.9_999"), "half of it");
        }
        if (left.size() == 2) {
          wipe(group.resolve(left.getLast()));
          Files.move(snapshots, group.resolve(left.getLast()));
        }
        Member back = cluster.start(member, List.of());
        TestCluster.await("the state", () -> SECRET.equals(back.machine.get("a")));
        assertThat(back.machine.restores()).as("%s: from its snapshot", left).isEqualTo(1);
        cluster.stopAll();
        try (Stream<Path> all = Files.list(group)) {
          assertThat(all.map(path -> path.getFileName().toString()))
              .as(left.toString())
              .contains("sm")
              .noneMatch(name -> name.contains("tmp"));
        }
      }
    }
  }

  @Test
  void aDirectoryOfAnotherClusterMemberOrVersionIsRefused() throws Exception {
    RaftMember member = writeAndStop(1);
    try (TestCluster other = new TestCluster(root, "c2")) {
      assertThatThrownBy(() -> other.start(member, List.of()))
          .isInstanceOf(RaftStorageException.class)
          .hasMessageContaining("belongs to cluster c1, not c2");
    }
    Path identity = root.resolve("m1/identity");
    String text = Files.readString(identity);
    try (TestCluster same = new TestCluster(root, "c1")) {
      Files.writeString(identity, text.replace("member=m1", "member=m7"));
      assertThatThrownBy(() -> same.start(member, List.of()))
          .hasMessageContaining("belongs to member m7, not m1");
      Files.writeString(identity, text.replace("format=1", "format=2"));
      assertThatThrownBy(() -> same.start(member, List.of()))
          .hasMessageContaining("has format 2, not 1");
      Files.delete(identity);
      assertThatThrownBy(() -> same.start(member, List.of()))
          .hasMessageContaining("identity is missing");
    }
  }

  @Test
  void aWipedDirectoryIsTold() throws Exception {
    Path directory = root.resolve("m1");
    assertThat(RaftNode.hasState(directory)).isFalse();
    RaftMember member = writeAndStop(1);
    assertThat(RaftNode.hasState(directory)).isTrue();
    wipe(directory.resolve("raft"));
    assertThat(RaftNode.hasState(directory)).isFalse();
    // One that was started and never heard of any other has voted for nobody, and may go on.
    try (TestCluster cluster = new TestCluster(root.resolve("joining"), "c1")) {
      cluster.start(member, List.of());
      assertThat(RaftNode.hasState(cluster.directory("m1"))).isTrue();
    }
  }

  @Test
  void aLogUnderAnotherKeyIsNotServed() throws Exception {
    RaftMember member = writeAndStop(1);
    try (TestCluster otherKey = new TestCluster(root, "c1")) {
      Member opened = otherKey.start(member, List.of());
      TestCluster.await("the failure", () -> !opened.failures.isEmpty());
      assertThat(opened.failures.getFirst()).hasMessageContaining("cannot apply entry");
      assertThat(opened.machine.values()).isEmpty();
      assertThat(opened.node.isLeader()).isFalse();
    }
  }

  /// Writes a few entries on a lone member and stops it.
  private RaftMember writeAndStop(int size) throws IOException {
    try (TestCluster cluster = TestCluster.of(size, root)) {
      keyring = cluster.keyring;
      for (int i = 0; i < 40; i++) {
        cluster.put("k" + i, SECRET);
      }
      return cluster.awaitLeader().id;
    }
  }

  private void assertRefused(RaftMember member, Path file) {
    try (TestCluster cluster = new TestCluster(root, "c1")) {
      assertThatThrownBy(() -> cluster.start(member, List.of()))
          .isInstanceOf(RaftStorageException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining("is damaged");
    }
  }

  private static void wipe(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private Path only(String prefix) throws IOException {
    return files().stream()
        .filter(file -> file.getFileName().toString().startsWith(prefix))
        .findFirst()
        .orElseThrow();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  /// The end of what was written into a segment that is filled up with zeros.
  private static long position(Path log) throws IOException {
    byte[] bytes = Files.readAllBytes(log);
    int end = bytes.length;
    while (bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }

  private static void flip(Path path, long at) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(at);
      int old = file.read();
      file.seek(at);
      file.write(old ^ 16);
    }
  }
}
