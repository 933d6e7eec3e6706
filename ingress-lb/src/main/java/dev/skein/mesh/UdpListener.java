package dev.skein.mesh;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A published UDP port: a session for each client address, all on one event loop.
final class UdpListener extends PortListener {
  /// How often idle sessions are looked for, at least and at most.
  private static final long SWEEP_NANOS_MIN = 10_000_000;

  private static final long SWEEP_NANOS_MAX = 1_000_000_000;

  private final Map<InetSocketAddress, UdpSession> sessions = new HashMap<>();
  private @Nullable DatagramChannel channel;
  private boolean sweeping;

  UdpListener(PublishedPort port, MeshConfig config, MeshLoop loop) {
    super(port, config, loop);
  }

  @Override
  Future<Void> bind() {
    DatagramChannel opened;
    try {
      opened = loop.datagram(config.bindAddress());
    } catch (RuntimeException e) {
      return loop.io.newFailedFuture(e);
    }
    opened.pipeline().addLast(new Inbound());
    var result = loop.io.<Void>newPromise();
    var _ =
        loop.register(opened)
            .addListener(
                registered -> {
                  if (!registered.isSuccess()) {
                    result.setFailure(registered.cause());
                    return;
                  }
                  var _ =
                      opened
                          .bind(new InetSocketAddress(config.bindAddress(), key.port()))
                          .addListener(
                              attempt -> {
                                if (attempt.isSuccess()) {
                                  channel = opened;
                                  result.setSuccess(null);
                                } else {
                                  var _ = opened.close();
                                  result.setFailure(attempt.cause());
                                }
                              });
                });
    return result;
  }

  @Override
  void unbind() {
    if (channel != null) {
      var _ = channel.close();
      channel = null;
    }
  }

  @Override
  void endHeld() {
    for (var session : List.copyOf(sessions.values())) {
      session.close();
    }
  }

  void toClient(InetSocketAddress client, ByteBuf payload) {
    if (channel == null) {
      payload.release();
      return;
    }
    counters.bytesToClients.add(payload.readableBytes());
    var _ = channel.writeAndFlush(new DatagramPacket(payload, client), channel.voidPromise());
  }

  void ended(UdpSession session) {
    sessions.remove(session.client);
    counters.open.decrementAndGet();
  }

  private void fromClient(DatagramPacket packet) {
    var session = sessions.get(packet.sender());
    if (session == null) {
      if (sessions.size() >= config.udp().sessionsPerPortMax()) {
        counters.refused.increment();
        return;
      }
      session = new UdpSession(this, packet.sender());
      sessions.put(packet.sender(), session);
      counters.open.incrementAndGet();
      counters.total.increment();
      if (!sweeping) {
        armSweep();
      }
    }
    session.toReplica(packet.content().retain());
  }

  private void armSweep() {
    sweeping = true;
    long shortest =
        Math.min(config.udp().idleTimeout().toNanos(), config.udp().drainIdleTimeout().toNanos());
    var _ =
        loop.io.schedule(
            this::sweep,
            Math.clamp(shortest / 4, SWEEP_NANOS_MIN, SWEEP_NANOS_MAX),
            TimeUnit.NANOSECONDS);
  }

  private void sweep() {
    sweeping = false;
    long now = loop.nanoTime.getAsLong();
    for (var session : List.copyOf(sessions.values())) {
      if (session.idle(now)) {
        session.close();
      }
    }
    if (!sessions.isEmpty() && !isClosed()) {
      armSweep();
    }
  }

  private final class Inbound extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      fromClient(packet);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      // A client that went away answers with ICMP; the socket serves all others and stays.
    }
  }
}
