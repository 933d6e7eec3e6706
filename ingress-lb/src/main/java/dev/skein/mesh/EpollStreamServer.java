package dev.skein.mesh;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// A listening socket on epoll, edge-triggered: accept until there is none, or come back.
final class EpollStreamServer extends StreamServer implements EpollIoHandle {
  private static final EpollIoOps ARMED = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET);

  /// Room for the peer's address as Netty encodes it: length, address, scope and port.
  private static final int ADDRESS_BYTES = 26;

  private final InetSocket socket;
  private final byte[] peer = new byte[ADDRESS_BYTES];

  private EpollStreamServer(InetSocket socket) {
    this.socket = socket;
  }

  static EpollStreamServer listen(InetSocketAddress address, int backlog) throws IOException {
    var socket = InetSocket.open(address.getAddress());
    try {
      // Without it, connections in TIME_WAIT would keep a restarted daemon from its ports.
      socket.setReuseAddress(true);
      // Linux hands these two down to accepted sockets.
      socket.setTcpNoDelay(true);
      socket.setKeepAlive(true);
      socket.bind(address);
      socket.listen(backlog);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    return new EpollStreamServer(socket);
  }

  @Override
  @Nullable StreamSocket accept() throws IOException {
    int fd = socket.accept(peer);
    return fd < 0 ? null : new EpollStreamSocket(new InetSocket(fd));
  }

  @Override
  EpollIoHandle handle() {
    return this;
  }

  @Override
  void armed(IoRegistration with) {
    with.submit(ARMED);
  }

  @Override
  void closeNow() throws IOException {
    socket.close();
  }

  @Override
  public FileDescriptor fd() {
    return socket;
  }

  @Override
  public void handle(IoRegistration registration, IoEvent event) {
    deliver();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
