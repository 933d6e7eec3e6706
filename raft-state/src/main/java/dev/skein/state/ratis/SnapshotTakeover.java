package dev.skein.state.ratis;

import dev.skein.state.seal.DurableFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.ratis.util.FileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The leader's snapshot on its way into a member's directory, and what of it a crash may leave.
///
/// Ratis writes it under `tmp/`, renames `sm/` to `sm.tmp` and a date, renames what it has written
/// to `sm/`, and deletes the former one. It fsyncs nothing of it, and takes up nothing again at the
/// next start. So: what was written becomes durable before the renames, the renames become durable
/// before the leader hears of them, and a start finishes or takes back what was interrupted.
final class SnapshotTakeover {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotTakeover.class);

  private final Path group;
  private final Path current;
  private final Path received;
  private final AtomicLong receipts = new AtomicLong();

  /// @param group where Ratis keeps the group
  SnapshotTakeover(Path group) {
    this.group = group;
    this.current = group.resolve("current");
    this.received = group.resolve("tmp");
  }

  /// Makes durable what was received, while nothing refers to it yet.
  void syncReceived() throws IOException {
    if (!Files.isDirectory(received)) {
      return;
    }
    try (Stream<Path> all = Files.walk(received)) {
      for (Path each : all.toList()) {
        try (FileChannel channel = FileChannel.open(each, StandardOpenOption.READ)) {
          channel.force(true);
        }
      }
    }
  }

  /// Makes the renames durable, before the receipt leaves: that of the directory, and that of the
  /// file with the members' configuration, which came along.
  void syncReceipt() throws IOException {
    DurableFile.syncDirectory(current);
    DurableFile.syncDirectory(group);
    receipts.incrementAndGet();
  }

  /// How many receipts were made durable.
  long receipts() {
    return receipts.get();
  }

  /// Clears up after a takeover that a crash interrupted. To be called before anything reads the
  /// directory of a stopped member.
  static void recover(StateDirectory directory) throws IOException {
    Path group = directory.group();
    if (!Files.isDirectory(group)) {
      return;
    }
    Path snapshots = directory.snapshots();
    List<Path> former;
    try (Stream<Path> all = Files.list(group)) {
      String prefix = snapshots.getFileName() + ".tmp";
      former = all.filter(f -> f.getFileName().toString().startsWith(prefix)).sorted().toList();
    }
    if (!former.isEmpty() && !Files.exists(snapshots)) {
      // Between the two renames: the log is still that of the former snapshots.
      LOG.info("a takeover of the leader's snapshot was interrupted; {} is put back", former);
      Files.move(former.getLast(), snapshots, StandardCopyOption.ATOMIC_MOVE);
      DurableFile.syncDirectory(group);
      former = former.subList(0, former.size() - 1);
    }
    for (Path left : former) {
      FileUtils.deleteFully(left);
    }
    FileUtils.deleteFully(group.resolve("tmp"));
  }
}
