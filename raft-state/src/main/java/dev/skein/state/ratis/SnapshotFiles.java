package dev.skein.state.ratis;

import dev.skein.state.seal.DurableFile;
import dev.skein.state.seal.SealException;
import dev.skein.state.seal.SealedInputStream;
import dev.skein.state.seal.SealedOutputStream;
import dev.skein.state.seal.Sealer;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.MD5FileUtil;
import org.jspecify.annotations.Nullable;

/// The sealed snapshot files of a member, `snapshot.TERM_INDEX`, in the place and with the digest
/// files that Ratis expects, because it sends them to members that lag.
final class SnapshotFiles extends SimpleStateMachineStorage {
  private static final SnapshotRetentionPolicy KEEP_TWO =
      new SnapshotRetentionPolicy() {
        @Override
        public int getNumSnapshotsRetained() {
          return 2;
        }
      };

  private final Sealer sealer;
  private volatile @Nullable Path directory;

  SnapshotFiles(Sealer sealer) {
    this.sealer = sealer;
  }

  @Override
  public void init(RaftStorage storage) throws IOException {
    Path files = storage.getStorageDir().getStateMachineDir().toPath();
    directory = files;
    try (Stream<Path> left = Files.list(files)) {
      List<Path> unfinished = left.filter(f -> f.toString().endsWith(".tmp")).toList();
      for (Path file : unfinished) {
        Files.deleteIfExists(file);
      }
    }
    super.init(storage);
  }

  /// The latest snapshot in a directory, by the files' names.
  ///
  /// @return `(0, -1)` if there is none
  static TermIndex latest(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return TermIndex.INITIAL_VALUE;
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> SNAPSHOT_REGEX.matcher(String.valueOf(file.getFileName())))
          .filter(Matcher::matches)
          .map(
              name ->
                  TermIndex.valueOf(Long.parseLong(name.group(1)), Long.parseLong(name.group(2))))
          .max(Comparator.comparingLong(TermIndex::getIndex))
          .orElse(TermIndex.INITIAL_VALUE);
    }
  }

  /// Writes a snapshot durably: sealed, synced, its digest first, then the rename that makes it
  /// count. Fails harmlessly when a snapshot from the leader replaced the directory meanwhile.
  void write(TermIndex at, MachineSnapshot snapshot) throws IOException {
    Path target = getSnapshotFile(at.getTerm(), at.getIndex()).toPath();
    Path temporary = target.resolveSibling(target.getFileName() + ".tmp");
    try {
      try (FileOutputStream file = new FileOutputStream(temporary.toFile())) {
        OutputStream unclosed =
            new BufferedOutputStream(file, 128 * 1024) {
              @Override
              public void close() throws IOException {
                flush();
                file.getFD().sync();
              }
            };
        try (OutputStream sealed = new SealedOutputStream(unclosed, sealer, Sealer.Kind.SNAPSHOT)) {
          snapshot.writeTo(sealed);
        }
      }
      MD5Hash digest = MD5FileUtil.computeMd5ForFile(temporary.toFile());
      MD5FileUtil.saveMD5File(target.toFile(), digest);
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      DurableFile.syncDirectory(directory());
      updateLatestSnapshot(
          new SingleFileSnapshotInfo(new FileInfo(target, digest), at.getTerm(), at.getIndex()));
      cleanupOldSnapshots(KEEP_TWO);
    } catch (IOException | RuntimeException | Error e) {
      // Half a snapshot is worthless; the one before it stays.
      Files.deleteIfExists(temporary);
      throw e;
    }
  }

  /// Loads the latest snapshot into the machine.
  ///
  /// @return where the state now stands, null if there is no snapshot
  /// @throws RaftStorageException naming a file that is damaged, incomplete or of a newer format
  @Nullable TermIndex restore(ReplicatedMachine machine) throws IOException {
    SingleFileSnapshotInfo latest = loadLatestSnapshot();
    if (latest == null) {
      return null;
    }
    Path file = latest.getFile().getPath();
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(file), 128 * 1024);
        InputStream in = new SealedInputStream(raw, sealer, Sealer.Kind.SNAPSHOT)) {
      machine.restore(latest.getIndex(), in);
      // Only behind the final chunk is it sure that nothing was cut off.
      if (in.read() >= 0) {
        throw new RaftStorageException(file, "holds more than the state it should", null);
      }
    } catch (SealException | NoSuchFileException e) {
      throw new RaftStorageException(
          file,
          "cannot be read ("
              + e.getMessage()
              + "); if it is damaged, remove this manager, wipe its directory and join it again",
          e);
    }
    return latest.getTermIndex();
  }

  private Path directory() {
    Path files = directory;
    if (files == null) {
      throw new IllegalStateException("the snapshot directory is not known yet");
    }
    return files;
  }
}
