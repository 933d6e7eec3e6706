package dev.skein.state.ratis;

import dev.skein.state.seal.DurableFile;
import java.io.IOException;
import java.io.UncheckedIOException;
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
/// before the leader hears of them, and a start finishes or takes back what was interrupted. That
/// an fsynced log entry is never there without the renames before it is left to the file system:
/// ext4 and XFS keep the order of such changes.
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
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /// Makes the renames durable, before the receipt leaves: that of the directory, and then what
  /// relies on it, the log without its former entries and the members' configuration that came
  /// along.
  void syncReceipt() throws IOException {
    DurableFile.syncDirectory(group);
    DurableFile.syncDirectory(current);
    receipts.incrementAndGet();
  }

  /// How many receipts were made durable.
  long receipts() {
    return receipts.get();
  }

  /// Clears up after a takeover that a crash interrupted. To be called before anything reads the
  /// directory of a stopped member.
  ///
  /// @throws IOException if the disk fails
  static void recover(StateDirectory directory) throws IOException {
    Path group = directory.group();
    if (!Files.isDirectory(group)) {
      return;
    }
    Path snapshots = directory.snapshots();
    List<Path> former;
    try (Stream<Path> all = Files.list(group)) {
      String prefix = snapshots.getFileName() + ".tmp";
      former = all.filter(f -> f.getFileName().toString().startsWith(prefix)).toList();
    }
    if (!Files.exists(snapshots)) {
      if (former.isEmpty()) {
        return; // It has none, or what is in tmp/ is all that is left of them.
      }
      // Between the two renames: the log is still that of the former snapshots. The names have the
      // clock's time, the files in them the log's.
      Path latest = former.getFirst();
      for (Path each : former) {
        long index = SnapshotFiles.latest(each).getIndex();
        latest = index > SnapshotFiles.latest(latest).getIndex() ? each : latest;
      }
      LOG.warn("a takeover of the leader's snapshot was interrupted; {} is put back", latest);
      Files.move(latest, snapshots, StandardCopyOption.ATOMIC_MOVE);
      DurableFile.syncDirectory(group);
    }
    for (Path left : former) {
      FileUtils.deleteFully(left);
    }
    FileUtils.deleteFully(group.resolve("tmp"));
  }
}
