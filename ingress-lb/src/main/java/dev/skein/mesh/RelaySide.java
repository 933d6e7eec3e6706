package dev.skein.mesh;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// One of the two sockets of a relayed connection, with what is known about it. Belongs to its
/// event loop.
final class RelaySide implements StreamSocket.Events {
  /// A new connection reads this much at once, which holds most requests and responses.
  private static final int READ_BYTES_FIRST = 64 * 1024;

  /// Once the other side was slow: what it does not take has to be kept, and slow clients come in
  /// thousands.
  private static final int READ_BYTES_SLOW = 16 * 1024;

  final TcpRelay relay;
  final StreamSocket socket;
  final LongAdder bytesRead;

  /// How much one read may take; follows how fast the other side takes it.
  int readMax = READ_BYTES_FIRST;

  /// There may be something to read that no further event will announce.
  boolean readable;

  /// The peer has sent its last byte, so reading must go on to the end.
  boolean hangup;

  /// A turn of reading is queued on the event loop.
  boolean resuming;

  /// The end has been read.
  boolean ended;

  /// The other side's end has been passed on to this one.
  boolean finished;

  /// Bytes that this socket has not taken yet; while there are any, the other side is not read.
  @Nullable ByteBuf pending;

  RelaySide(TcpRelay relay, StreamSocket socket, LongAdder bytesRead) {
    this.relay = relay;
    this.socket = socket;
    this.bytesRead = bytesRead;
  }

  @Override
  public void ready(boolean readableNow, boolean writable, boolean hangupNow, boolean broken) {
    readable |= readableNow;
    hangup |= hangupNow;
    relay.ready(this, writable, broken);
  }

  @Override
  public void failed(RuntimeException bug) {
    relay.failed(bug);
  }

  /// Writes the buffer, keeps what the kernel does not take, and adapts how much the source reads
  /// at once.
  void write(ByteBuf bytes, RelaySide source) throws IOException {
    int count = bytes.readableBytes();
    socket.write(bytes);
    int rest = bytes.readableBytes();
    if (rest > 0) {
      pending = relay.loop.allocator.directBuffer(rest, rest).writeBytes(bytes);
      source.readMax = READ_BYTES_SLOW;
    } else if (count == source.readMax && count < MeshLoop.READ_BYTES_MAX) {
      source.readMax = count * 2;
    }
  }

  /// Writes what is pending; returns whether nothing is any more.
  boolean writePending() throws IOException {
    var bytes = pending;
    if (bytes != null) {
      socket.write(bytes);
      if (bytes.isReadable()) {
        return false;
      }
      bytes.release();
      pending = null;
    }
    return true;
  }

  void close(boolean reset) {
    if (pending != null) {
      pending.release();
      pending = null;
    }
    if (reset) {
      try {
        socket.resetOnClose();
      } catch (IOException e) {
        // Then the close is an ordinary one, of a connection that is already over.
        finished = true;
      }
    }
    relay.loop.close(socket);
  }
}
