package dev.skein.mesh;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.channel.socket.DatagramChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One event loop with what its connections share; all but [#execute] belongs to the loop's thread.
final class MeshLoop {
  private static final Logger log = LoggerFactory.getLogger(MeshLoop.class);

  /// The most that one read takes, and so the size of the shared buffer.
  static final int READ_BYTES_MAX = 256 * 1024;

  /// The largest UDP payload, rounded up to what the allocator gives anyway.
  private static final int DATAGRAM_BYTES_MAX = 64 * 1024;

  /// A megabyte a chunk: few connections hold bytes at once, so a small arena that shrinks again
  /// serves best.
  private static final int ARENA_PAGE_BYTES = 8_192;

  private static final int ARENA_ORDER = 7;

  final IoEventLoop io;
  final Transport transport;
  final LongSupplier nanoTime;
  final ConnectDeadlines deadlines;

  /// For what a slow peer has not taken yet. Buffers are freed on the thread that made them.
  final PooledByteBufAllocator allocator =
      new PooledByteBufAllocator(true, 0, 1, ARENA_PAGE_BYTES, ARENA_ORDER, 0, 0, false);

  private final ArrayDeque<StreamSocket> closing = new ArrayDeque<>();
  private @Nullable ByteBuf scratch;

  MeshLoop(IoEventLoop io, Transport transport, LongSupplier nanoTime, long connectTimeoutNanos) {
    this.io = io;
    this.transport = transport;
    this.nanoTime = nanoTime;
    this.deadlines = new ConnectDeadlines(io, nanoTime, connectTimeoutNanos);
  }

  void execute(Runnable task) {
    io.execute(task);
  }

  /// An empty buffer of [#READ_BYTES_MAX] for the use of the running event only.
  ByteBuf scratch() {
    var buffer = scratch;
    if (buffer == null) {
      buffer = allocator.directBuffer(READ_BYTES_MAX, READ_BYTES_MAX);
      scratch = buffer;
    }
    return buffer.clear();
  }

  IoRegistration register(IoHandle handle) throws IOException {
    var future = io.register(handle);
    var registration = future.getNow();
    if (registration == null) {
      throw new IOException("the event loop takes no socket: it is shutting down", future.cause());
    }
    return registration;
  }

  /// Opens a UDP socket for an address of this family, unregistered.
  DatagramChannel datagram(InetAddress address) {
    var channel = transport.datagram(address);
    channel.config().setAllocator(allocator);
    // A smaller buffer would cut datagrams off.
    channel.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(DATAGRAM_BYTES_MAX));
    return channel;
  }

  ChannelFuture register(Channel channel) {
    // Netty's own channels register themselves only through the older type of the same loop.
    EventLoop loop = io;
    return loop.register(channel);
  }

  /// Closes the socket after the present batch of events; it delivers no event from now on.
  void close(StreamSocket socket) {
    if (!socket.beginClose()) {
      return;
    }
    if (closing.isEmpty()) {
      io.execute(this::closeAll);
    }
    closing.add(socket);
  }

  private void closeAll() {
    for (var socket = closing.poll(); socket != null; socket = closing.poll()) {
      try {
        socket.dispose();
      } catch (IOException e) {
        // The kernel has released the descriptor all the same.
        log.debug("closing a socket failed", e);
      }
    }
  }

  /// Buffers that were allocated and not released yet; any thread may ask.
  long buffersInUse() {
    return allocator.metric().directArenas().stream()
        .mapToLong(PoolArenaMetric::numActiveAllocations)
        .sum();
  }

  /// Releases what the loop holds; the last thing that runs on it.
  void release() {
    closeAll();
    if (scratch != null) {
      scratch.release();
      scratch = null;
    }
  }
}
