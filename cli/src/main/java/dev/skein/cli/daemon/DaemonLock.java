package dev.skein.cli.daemon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Keeps a second daemon from the same directory. The kernel lets go of it when the process ends.
final class DaemonLock implements AutoCloseable {

  private final FileChannel channel;

  private DaemonLock(FileChannel channel) {
    this.channel = channel;
  }

  /// @throws IOException if another daemon has the directory
  static DaemonLock take(Path file) throws IOException {
    var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return new DaemonLock(channel);
      }
    } catch (OverlappingFileLockException e) {
      // Another daemon of this very process, in a test.
    }
    channel.close();
    throw new IOException(
        "another daemon uses "
            + file.getParent()
            + "; stop it, or give this one another --data-root");
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
