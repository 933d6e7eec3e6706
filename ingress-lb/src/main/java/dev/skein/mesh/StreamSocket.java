package dev.skein.mesh;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoRegistration;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// A non-blocking TCP socket on one event loop.
///
/// This stands in for Netty's channels on the byte path: a relay needs neither a pipeline nor
/// promises nor an outbound buffer for each connection, and an edge-triggered socket that is armed
/// once saves six to eight `epoll_ctl` calls of a short connection.
///
/// Events may be spurious, and with epoll they come once for each change, so whoever stops reading
/// early must remember that there may be more. Every method belongs to the event loop's thread.
abstract sealed class StreamSocket permits EpollStreamSocket, NioStreamSocket {
  /// Who hears of readiness.
  interface Events {
    /// Tells what may be possible now.
    ///
    /// @param readable reading may give something: bytes, the end or an error
    /// @param writable writing may be possible, or a connection attempt has ended
    /// @param hangup the peer will send no more, so reading must go on to the end
    /// @param broken the connection is over in both directions
    void ready(boolean readable, boolean writable, boolean hangup, boolean broken);

    /// Handling readiness failed unexpectedly: give up this connection, and no other.
    void failed(RuntimeException bug);
  }

  private @Nullable Events events;
  private @Nullable IoRegistration registration;
  private boolean closing;

  /// Starts to deliver events; call it after [#connect], because an unconnected socket reports a
  /// hang-up.
  final void register(MeshLoop loop, Events listener) throws IOException {
    events = listener;
    registration = loop.register(handle());
    armed(registration);
  }

  /// Whether the connection is there already; otherwise a writable event tells the end of the
  /// attempt.
  abstract boolean connect(InetSocketAddress address) throws IOException;

  /// Whether the attempt has succeeded; false while it goes on.
  ///
  /// @throws IOException when it failed
  abstract boolean finishConnect() throws IOException;

  /// Reads at most `max` bytes to the buffer's end. Returns how many, 0 when there is nothing now,
  /// -1 at the end.
  abstract int read(ByteBuf into, int max) throws IOException;

  /// Writes what the kernel takes from the buffer's readable bytes.
  abstract void write(ByteBuf from) throws IOException;

  /// Sends FIN; reading goes on.
  abstract void shutdownOutput() throws IOException;

  /// What is waited for; only level-triggered transports need it.
  abstract void interest(boolean connect, boolean read, boolean write);

  /// Makes the coming close a reset.
  abstract void resetOnClose() throws IOException;

  abstract io.netty.channel.IoHandle handle();

  abstract void armed(IoRegistration with);

  abstract void closeNow() throws IOException;

  /// No more events from here on; [#dispose] must follow.
  final boolean beginClose() {
    boolean first = !closing;
    closing = true;
    return first;
  }

  /// Closes the socket and ends its registration. It is done after the batch of events in which it
  /// was decided: the kernel gives a closed number to the next socket, which would then get the
  /// rest of the batch's events.
  final void dispose() throws IOException {
    closing = true;
    // Closing first spares the call that takes the socket out of the epoll set.
    try {
      closeNow();
    } finally {
      if (registration != null) {
        registration.cancel();
      }
    }
  }

  final void deliver(boolean readable, boolean writable, boolean hangup, boolean broken) {
    if (!closing && events != null) {
      try {
        events.ready(readable, writable, hangup, broken);
      } catch (RuntimeException bug) {
        // Past this point it would cost every other connection its edge-triggered event, for good.
        events.failed(bug);
      }
    }
  }
}
