package dev.skein.mesh;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.nio.NioIoOps;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import org.jspecify.annotations.Nullable;

/// A listening socket on the JDK's selectors.
final class NioStreamServer extends StreamServer implements NioIoHandle {
  private final ServerSocketChannel channel;

  private NioStreamServer(ServerSocketChannel channel) {
    this.channel = channel;
  }

  static NioStreamServer listen(InetSocketAddress address, int backlog) throws IOException {
    var channel = ServerSocketChannel.open();
    try {
      channel.configureBlocking(false);
      // Without it, connections in TIME_WAIT would keep a restarted daemon from its ports.
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(address, backlog);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return new NioStreamServer(channel);
  }

  @Override
  @Nullable StreamSocket accept() throws IOException {
    var accepted = channel.accept();
    return accepted == null ? null : NioStreamSocket.prepared(accepted);
  }

  @Override
  NioIoHandle handle() {
    return this;
  }

  @Override
  void armed(IoRegistration with) {
    with.submit(NioIoOps.ACCEPT);
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
  public void handle(IoRegistration registration, IoEvent event) {
    deliver();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
