package dev.skein.chaos.lab;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// Network namespaces of isolated labs, entered by single threads: what a thread connects to
/// after that is in the lab's network, while the rest of the process stays where it is.
public final class NetworkNamespace {

  /// `CLONE_NEWNET`, linux/sched.h.
  private static final int NETWORK = 0x40000000;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle OPEN =
      function(
          "open",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  private static final MethodHandle SETNS =
      function(
          "setns",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private NetworkNamespace() {}

  @SuppressWarnings("restricted") // What the lab does to machines is restricted by its nature.
  private static MethodHandle function(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
  }

  /// Moves the calling thread, which must be a platform thread that ends there.
  public static void enter(Path namespace) throws IOException {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("a virtual thread has no network of its own");
    }
    try (var arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(namespace.toString());
      var descriptor = (int) OPEN.invokeExact(path, 0);
      if (descriptor < 0) {
        throw new IOException(namespace + " can't be opened");
      }
      try {
        if ((int) SETNS.invokeExact(descriptor, NETWORK) != 0) {
          throw new IOException(namespace + " can't be entered; this needs root");
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
