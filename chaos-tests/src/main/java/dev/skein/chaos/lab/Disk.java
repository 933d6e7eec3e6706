package dev.skein.chaos.lab;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// The disk of an isolated node, as the kernel sees it.
public final class Disk {

  /// `EXT4_IOC_SHUTDOWN`, linux/fs/ext4/ext4.h.
  private static final long SHUTDOWN = 0x8004587dL;

  /// `EXT4_GOING_FLAGS_NOLOGFLUSH`: what is not yet in the journal is lost.
  private static final int WITHOUT_FLUSH = 2;

  private Disk() {}

  /// From now on each read, write and fsync of the ext4 file system with this directory fails with
  /// an input/output error, until it is mounted anew; what was not fsynced before is lost.
  public static void fail(Path directory) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var flags = arena.allocateFrom(ValueLayout.JAVA_INT, WITHOUT_FLUSH);
      CLibrary.withDescriptor(
          directory,
          descriptor ->
              CLibrary.ioctl(
                  "shutting down the file system of %s, which has to be ext4".formatted(directory),
                  descriptor,
                  SHUTDOWN,
                  flags));
    }
  }
}
