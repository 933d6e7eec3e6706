package dev.skein.chaos.lab;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// The disk of an isolated node, as the kernel sees it.
public final class Disk {

  /// `EXT4_IOC_SHUTDOWN`, linux/fs/ext4/ext4.h.
  private static final long SHUTDOWN = 0x8004587dL;

  /// `EXT4_GOING_FLAGS_NOLOGFLUSH`: what is not yet in the journal is lost.
  private static final int WITHOUT_FLUSH = 2;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle OPEN =
      function(
          "open",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  private static final MethodHandle IOCTL =
      function(
          "ioctl",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.ADDRESS));
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private Disk() {}

  @SuppressWarnings("restricted") // Binding C functions is what this class is for.
  private static MethodHandle function(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
  }

  /// From now on each read, write and fsync of the ext4 file system with this directory fails with
  /// an input/output error, until it is mounted anew; what was not fsynced before is lost.
  public static void fail(Path directory) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var flags = arena.allocateFrom(ValueLayout.JAVA_INT, WITHOUT_FLUSH);
      var descriptor = (int) OPEN.invokeExact(arena.allocateFrom(directory.toString()), 0);
      if (descriptor < 0) {
        throw new IOException(directory + " can't be opened");
      }
      try {
        if ((int) IOCTL.invokeExact(descriptor, SHUTDOWN, flags) != 0) {
          throw new IOException(directory + " is not on an ext4 file system that can be shut down");
        }
      } finally {
        var _ = (int) CLOSE.invokeExact(descriptor);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }
}
