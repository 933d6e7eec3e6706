package dev.skein.mesh;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One UDP client and the replica that it talks to. Belongs to its listener's event loop.
///
/// Until the replica has answered once, the last datagram is kept: when the replica turns out to be
/// gone (ICMP port unreachable), that datagram goes to another one and the client notices nothing.
final class UdpSession implements Session {
  /// Replicas that one datagram may be sent to in vain.
  private static final int TRIES_MAX = 16;

  /// Datagrams kept while the socket to the replica is being connected.
  private static final int QUEUED_MAX = 64;

  final InetSocketAddress client;

  private final UdpListener listener;
  private final List<Replica> tried = new ArrayList<>();
  private final ArrayDeque<ByteBuf> queued = new ArrayDeque<>();
  private @Nullable DatagramChannel channel;
  private @Nullable Replica replica;
  private @Nullable ByteBuf unanswered;
  private boolean choosing;
  private boolean connected;
  private boolean answered;
  private boolean closed;
  private long lastActiveNanos;

  UdpSession(UdpListener listener, InetSocketAddress client) {
    this.listener = listener;
    this.client = client;
  }

  /// Sends a datagram on; takes the payload over.
  void toReplica(ByteBuf payload) {
    lastActiveNanos = listener.loop.nanoTime.getAsLong();
    if (!answered) {
      forgetUnanswered();
      unanswered = copy(payload);
    }
    tried.clear();
    send(payload);
  }

  @Override
  public void evict(Replica gone) {
    listener.loop.execute(
        () -> {
          if (replica == gone) {
            leave();
          }
        });
  }

  boolean idle(long nowNanos) {
    var current = replica;
    var limits = listener.config.udp();
    var timeout =
        current != null && listener.pool.draining(current)
            ? limits.drainIdleTimeout()
            : limits.idleTimeout();
    return nowNanos - lastActiveNanos >= timeout.toNanos();
  }

  void close() {
    if (!closed) {
      closed = true;
      leave();
      forgetUnanswered();
      listener.ended(this);
    }
  }

  private void send(ByteBuf payload) {
    if (replica == null && !choose()) {
      payload.release();
      listener.counters.refused.increment();
      close();
      return;
    }
    var open = channel;
    if (open != null && connected) {
      listener.counters.bytesFromClients.add(payload.readableBytes());
      var _ = open.writeAndFlush(payload, open.voidPromise());
    } else if (queued.size() < QUEUED_MAX) {
      queued.add(copy(payload));
      payload.release();
    } else {
      payload.release();
      listener.counters.refused.increment();
    }
  }

  private boolean choose() {
    choosing = true;
    try {
      while (tried.size() < TRIES_MAX) {
        var next = listener.pool.acquire(this, listener.loop.nanoTime.getAsLong(), tried);
        if (next == null) {
          return false;
        }
        replica = next;
        connect(next);
        if (replica != null) {
          return true;
        }
      }
      return false;
    } finally {
      choosing = false;
    }
  }

  private void connect(Replica next) {
    DatagramChannel opened;
    try {
      opened = listener.loop.datagram(next.address.getAddress());
    } catch (RuntimeException e) {
      listener.warn("no socket for a session to " + next, e);
      tried.add(next);
      leave();
      return;
    }
    channel = opened;
    opened.pipeline().addLast(new Inbound(next));
    var _ =
        listener
            .loop
            .register(opened)
            .addListener(
                registered -> {
                  if (!registered.isSuccess()) {
                    failed(next);
                    return;
                  }
                  var _ =
                      opened
                          .connect(next.address)
                          .addListener(
                              attempt -> {
                                if (attempt.isSuccess()) {
                                  connected(opened);
                                } else {
                                  failed(next);
                                }
                              });
                });
  }

  private void connected(DatagramChannel opened) {
    if (!opened.equals(channel)) {
      return;
    }
    connected = true;
    for (var payload = queued.poll(); payload != null; payload = queued.poll()) {
      listener.counters.bytesFromClients.add(payload.readableBytes());
      var _ = opened.write(payload, opened.voidPromise());
    }
    opened.flush();
  }

  /// The replica cannot be reached: the datagram that it did not answer goes elsewhere.
  private void failed(Replica refused) {
    if (replica != refused) {
      return;
    }
    listener.counters.retries.increment();
    listener.pool.failed(refused, listener.loop.nanoTime.getAsLong());
    tried.add(refused);
    leave();
    var again = unanswered;
    if (again != null && !closed && !choosing) {
      send(copy(again));
    }
  }

  /// Lets the replica go; the next datagram chooses another.
  private void leave() {
    var left = replica;
    var open = channel;
    replica = null;
    channel = null;
    connected = false;
    answered = false;
    if (open != null) {
      var _ = open.close();
    }
    for (var payload = queued.poll(); payload != null; payload = queued.poll()) {
      payload.release();
    }
    if (left != null) {
      listener.pool.release(left, this);
    }
  }

  /// What is kept is copied: the buffers that datagrams are read to are as large as one can be.
  private ByteBuf copy(ByteBuf payload) {
    int bytes = payload.readableBytes();
    return listener
        .loop
        .allocator
        .directBuffer(bytes, bytes)
        .writeBytes(payload, payload.readerIndex(), bytes);
  }

  private void forgetUnanswered() {
    if (unanswered != null) {
      unanswered.release();
      unanswered = null;
    }
  }

  private final class Inbound extends SimpleChannelInboundHandler<DatagramPacket> {
    private final Replica source;

    Inbound(Replica source) {
      this.source = source;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      if (replica != source) {
        return;
      }
      if (!answered) {
        answered = true;
        forgetUnanswered();
        listener.pool.succeeded(source);
      }
      lastActiveNanos = listener.loop.nanoTime.getAsLong();
      listener.toClient(client, packet.content().retain());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      failed(source);
    }
  }
}
