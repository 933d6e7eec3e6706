package dev.skein.worker.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.CRC32C;

/// One file of the journal: a header with format, length and checksum, then the bytes. Replaced as
/// a whole, so a reader finds the old or the new content, never a part.
final class JournalFile {

  /// Larger files are not written and not read.
  static final int BYTES_MAX = 64 << 20;

  /// The environment of tasks is in there.
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private static final int MAGIC = 0x534b4a31;
  private static final int HEADER = 4 + 4 + 8;

  private JournalFile() {}

  /// Replaces the file.
  ///
  /// @param durable whether it has to survive a power failure, and not only the daemon's death
  static void write(Path file, byte[] content, boolean durable) throws IOException {
    if (content.length > BYTES_MAX) {
      throw new IOException(
          "%s would have %d bytes; the limit is %d".formatted(file, content.length, BYTES_MAX));
    }
    var buffer = ByteBuffer.allocate(HEADER + content.length);
    buffer.putInt(MAGIC).putInt(content.length).putLong(checksum(content)).put(content).flip();
    var fresh = file.resolveSibling(file.getFileName() + ".new");
    try (var channel =
        FileChannel.open(
            fresh,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING),
            PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      if (durable) {
        channel.force(true);
      }
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    if (durable) {
      try (var directory = FileChannel.open(file.toAbsolutePath().getParent())) {
        directory.force(true);
      }
    }
  }

  /// Reads the file.
  ///
  /// @throws IOException if it can't be read or is not what was written, saying what is wrong
  static byte[] read(Path file) throws IOException {
    if (Files.size(file) > BYTES_MAX + HEADER) {
      throw new IOException("%s has %d bytes".formatted(file, Files.size(file)));
    }
    var all = Files.readAllBytes(file);
    if (all.length < HEADER) {
      throw new IOException("%s has only %d bytes".formatted(file, all.length));
    }
    var buffer = ByteBuffer.wrap(all);
    if (buffer.getInt() != MAGIC) {
      throw new IOException(file + " does not begin as a journal file does");
    }
    var length = buffer.getInt();
    var expected = buffer.getLong();
    if (length != all.length - HEADER) {
      throw new IOException(
          "%s says %d bytes and has %d".formatted(file, length, all.length - HEADER));
    }
    var content = Arrays.copyOfRange(all, HEADER, all.length);
    if (checksum(content) != expected) {
      throw new IOException(file + " does not match its checksum");
    }
    return content;
  }

  private static long checksum(byte[] content) {
    var crc = new CRC32C();
    crc.update(content);
    return crc.getValue();
  }
}
