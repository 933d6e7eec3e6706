package dev.skein.mesh;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoEvent;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.nio.NioIoOps;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/// A TCP socket on the JDK's selectors, level-triggered.
final class NioStreamSocket extends StreamSocket implements NioIoHandle {
  private final SocketChannel channel;
  private NioIoOps wanted = NioIoOps.NONE;
  private @Nullable IoRegistration registration;

  NioStreamSocket(SocketChannel channel) {
    this.channel = channel;
  }

  static NioStreamSocket open() throws IOException {
    return prepared(SocketChannel.open());
  }

  static NioStreamSocket prepared(SocketChannel channel) throws IOException {
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return new NioStreamSocket(channel);
  }

  @Override
  boolean connect(InetSocketAddress address) throws IOException {
    return channel.connect(address);
  }

  @Override
  boolean finishConnect() throws IOException {
    return channel.finishConnect();
  }

  @Override
  int read(ByteBuf into, int max) throws IOException {
    return into.writeBytes(channel, max);
  }

  @Override
  void write(ByteBuf from) throws IOException {
    from.readBytes(channel, from.readableBytes());
  }

  @Override
  void shutdownOutput() throws IOException {
    if (channel.isConnected()) {
      channel.shutdownOutput();
    }
  }

  @Override
  void interest(boolean connect, boolean read, boolean write) {
    var next = NioIoOps.NONE;
    if (connect) {
      next = next.with(NioIoOps.CONNECT);
    }
    if (read) {
      next = next.with(NioIoOps.READ);
    }
    if (write) {
      next = next.with(NioIoOps.WRITE);
    }
    if (!next.equals(wanted)) {
      wanted = next;
      if (registration != null) {
        registration.submit(next);
      }
    }
  }

  @Override
  void resetOnClose() throws IOException {
    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
  }

  @Override
  NioIoHandle handle() {
    return this;
  }

  @Override
  void armed(IoRegistration with) {
    registration = with;
    with.submit(wanted);
  }

  @Override
  void closeNow() throws IOException {
    channel.close();
  }

  @Override
  public SelectableChannel selectableChannel() {
    return channel;
  }

  @Override
  public void handle(IoRegistration source, IoEvent event) {
    var ops = ((NioIoEvent) event).ops();
    deliver(
        ops.contains(NioIoOps.READ),
        ops.contains(NioIoOps.WRITE) || ops.contains(NioIoOps.CONNECT),
        false,
        false);
  }

  @Override
  public void close() throws IOException {
    beginClose();
    channel.close();
  }
}
