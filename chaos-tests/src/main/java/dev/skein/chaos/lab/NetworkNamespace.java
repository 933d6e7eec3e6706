package dev.skein.chaos.lab;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// Network namespaces of isolated labs, entered by single threads: what a thread connects to
/// after that is in the lab's network, while the rest of the process stays where it is.
public final class NetworkNamespace {

  /// `CLONE_NEWNET`, linux/sched.h.
  private static final int NETWORK = 0x40000000;

  private static final MethodHandle SETNS =
      CLibrary.function(
          "setns",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private NetworkNamespace() {}

  /// Moves the calling thread, which must be a platform thread that ends there.
  public static void enter(Path namespace) throws IOException {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("a virtual thread has no network of its own");
    }
    CLibrary.withDescriptor(
        namespace,
        descriptor -> {
          if ((int) SETNS.invokeExact(descriptor, NETWORK) != 0) {
            throw new IOException(namespace + " can't be entered; this needs root");
          }
        });
  }
}
