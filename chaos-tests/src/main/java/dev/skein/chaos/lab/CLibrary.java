package dev.skein.chaos.lab;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// Calls of the C library that Java has no word for.
final class CLibrary {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle OPEN =
      function(
          "open",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private static final MethodHandle IOCTL =
      function(
          "ioctl",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.ADDRESS));

  private CLibrary() {}

  /// A function of the library.
  ///
  /// @param type the types that the C library declares for it
  @SuppressWarnings("restricted") // What the lab does to machines is restricted by its nature.
  static MethodHandle function(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
  }

  /// A call that returns a number.
  @FunctionalInterface
  interface Call {
    /// Makes it.
    ///
    /// @throws Throwable as method handles do
    long make() throws Throwable;
  }

  /// What a call returned, negative or not.
  static long result(Call call) throws IOException {
    try {
      return call.make();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }

  /// What a call returned that says by a negative number that it failed.
  ///
  /// @param what it does, for the message
  static int checked(String what, Call call) throws IOException {
    var result = result(call);
    if (result < 0) {
      throw new IOException(what + " failed; this needs root");
    }
    return (int) result;
  }

  /// Controls an open device or file.
  ///
  /// @param what this does, for the message
  static void ioctl(String what, int descriptor, long request, MemorySegment argument)
      throws IOException {
    checked(what, () -> (int) IOCTL.invokeExact(descriptor, request, argument));
  }

  /// Closes a descriptor.
  static void close(int descriptor) throws IOException {
    checked("closing", () -> (int) CLOSE.invokeExact(descriptor));
  }

  /// What is done with an open file.
  @FunctionalInterface
  interface Use {
    /// Uses it.
    ///
    /// @throws Throwable as method handles do
    void of(int descriptor) throws Throwable;
  }

  /// Opens a file for reading, uses its descriptor, and closes it.
  static void withDescriptor(Path file, Use use) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var descriptor = (int) OPEN.invokeExact(arena.allocateFrom(file.toString()), 0);
      if (descriptor < 0) {
        throw new IOException(file + " can't be opened");
      }
      try {
        use.of(descriptor);
      } finally {
        close(descriptor);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }
}
