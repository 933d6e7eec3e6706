package dev.skein.chaos.lab;

import dev.skein.cli.dev.SystemCommand;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/// The disk of an isolated node, as the kernel sees it.
public final class Disk {

  /// `EXT4_IOC_SHUTDOWN`, linux/fs/ext4/ext4.h.
  private static final long SHUTDOWN = 0x8004587dL;

  /// `EXT4_GOING_FLAGS_NOLOGFLUSH`: what is not yet in the journal is lost.
  private static final int WITHOUT_FLUSH = 2;

  private static final int BLOCK = 4096;

  private Disk() {}

  /// How much of a file is in use: what was allocated ahead of being written is zero.
  public static long used(RandomAccessFile file) throws IOException {
    var bytes = new byte[(int) file.length()];
    file.seek(0);
    file.readFully(bytes);
    var end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }

  /// Gives back the blocks that a file has allocated ahead; it reads as before, and what is written
  /// there needs new ones. Nobody may be writing to the file meanwhile.
  public static void giveBack(Path file) throws IOException {
    try (var access = new RandomAccessFile(file.toFile(), "r")) {
      var from = (used(access) + BLOCK - 1) / BLOCK * BLOCK;
      if (from < access.length()) {
        SystemCommand.run(
            "fallocate",
            "--punch-hole",
            "--offset",
            Long.toString(from),
            "--length",
            Long.toString(access.length() - from),
            file.toString());
      }
    }
  }

  /// Takes all space that a file system has left, into a file on it.
  public static void fill(Path file) throws IOException {
    // What was given back is free once the file system's journal says so.
    SystemCommand.run("sync", "-f", String.valueOf(file.getParent()));
    long free;
    // Others may take some of the space while it is being filled: until nothing is left.
    while ((free = Files.getFileStore(file.getParent()).getUsableSpace()) > 0) {
      var size = Files.exists(file) ? Files.size(file) : 0;
      if (!SystemCommand.succeeds(
          "fallocate", "-o", Long.toString(size), "-l", Long.toString(free), file.toString())) {
        break;
      }
    }
  }

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
