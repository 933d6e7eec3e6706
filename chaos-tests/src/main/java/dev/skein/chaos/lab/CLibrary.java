package dev.skein.chaos.lab;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
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

  private CLibrary() {}

  /// A function of the library.
  ///
  /// @param type the types that the C library declares for it
  @SuppressWarnings("restricted") // What the lab does to machines is restricted by its nature.
  static MethodHandle function(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
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
        var _ = (int) CLOSE.invokeExact(descriptor);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }
}
