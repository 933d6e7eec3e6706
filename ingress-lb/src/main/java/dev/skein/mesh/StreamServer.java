package dev.skein.mesh;

import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A listening TCP socket on one event loop; every method belongs to that loop's thread.
abstract sealed class StreamServer permits EpollStreamServer, NioStreamServer {
  private @Nullable Runnable acceptable;
  private @Nullable IoRegistration registration;

  /// Starts to call `listener` when there may be connections to accept.
  final void register(MeshLoop loop, Runnable listener) throws IOException {
    acceptable = listener;
    registration = loop.register(handle());
    armed(registration);
  }

  /// The next connection, or null when there is none now.
  abstract @Nullable StreamSocket accept() throws IOException;

  abstract IoHandle handle();

  abstract void armed(IoRegistration with);

  abstract void closeNow() throws IOException;

  final void dispose() throws IOException {
    acceptable = null;
    try {
      closeNow();
    } finally {
      if (registration != null) {
        registration.cancel();
      }
    }
  }

  final void deliver() {
    if (acceptable != null) {
      acceptable.run();
    }
  }
}
