package dev.skein.mesh;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.NotYetConnectedException;

/// A TCP socket armed once, edge-triggered, for everything.
final class EpollStreamSocket extends StreamSocket implements EpollIoHandle {
  /// `EPOLLHUP` of `sys/epoll.h`, which the kernel always reports and Netty does not name.
  private static final int HANG_UP = 0x10;

  private static final int FAILED = EpollIoOps.EPOLLERR.value() | HANG_UP;
  private static final int ENDED = EpollIoOps.EPOLLRDHUP.value() | FAILED;
  private static final int READABLE = EpollIoOps.EPOLLIN.value() | ENDED;
  private static final int WRITABLE = EpollIoOps.EPOLLOUT.value() | FAILED;
  private static final EpollIoOps ARMED =
      EpollIoOps.EPOLLIN
          .with(EpollIoOps.EPOLLOUT)
          .with(EpollIoOps.EPOLLRDHUP)
          .with(EpollIoOps.EPOLLET);

  private final InetSocket socket;

  EpollStreamSocket(InetSocket socket) {
    this.socket = socket;
  }

  static EpollStreamSocket open(InetAddress peer) throws IOException {
    var socket = InetSocket.open(peer);
    try {
      socket.setTcpNoDelay(true);
      socket.setKeepAlive(true);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    return new EpollStreamSocket(socket);
  }

  @Override
  boolean connect(InetSocketAddress address) throws IOException {
    return socket.connect(address);
  }

  @Override
  boolean finishConnect() throws IOException {
    return socket.finishConnect();
  }

  @Override
  int read(ByteBuf into, int max) throws IOException {
    int start = into.writerIndex();
    int count = receive(into, start, max);
    if (count > 0) {
      into.writerIndex(start + count);
    }
    return count;
  }

  private int receive(ByteBuf into, int start, int max) throws IOException {
    try {
      if (into.hasMemoryAddress()) {
        return socket.recvAddress(into.memoryAddress(), start, start + max);
      }
      var buffer = into.internalNioBuffer(start, max);
      return socket.recv(buffer, buffer.position(), buffer.position() + max);
    } catch (NotYetConnectedException e) {
      throw gone(e);
    }
  }

  @Override
  void write(ByteBuf from) throws IOException {
    from.skipBytes(send(from));
  }

  private int send(ByteBuf from) throws IOException {
    try {
      if (from.hasMemoryAddress()) {
        return socket.sendAddress(from.memoryAddress(), from.readerIndex(), from.writerIndex());
      }
      var buffer = from.internalNioBuffer(from.readerIndex(), from.readableBytes());
      return socket.send(buffer, buffer.position(), buffer.limit());
    } catch (NotYetConnectedException e) {
      throw gone(e);
    }
  }

  /// ENOTCONN, which Netty takes for "not yet", is here "not any more": the peer has reset it.
  private static IOException gone(NotYetConnectedException cause) {
    return new IOException("the connection was reset by the peer", cause);
  }

  @Override
  void shutdownOutput() throws IOException {
    try {
      socket.shutdown(false, true);
    } catch (NotYetConnectedException e) {
      throw gone(e);
    }
  }

  @Override
  void interest(boolean connect, boolean read, boolean write) {
    // Everything has been armed since registration.
  }

  @Override
  void resetOnClose() throws IOException {
    socket.setSoLinger(0);
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
    int ops = ((EpollIoEvent) event).ops().value();
    deliver((ops & READABLE) != 0, (ops & WRITABLE) != 0, (ops & ENDED) != 0, (ops & FAILED) != 0);
  }

  @Override
  public void close() throws IOException {
    beginClose();
    socket.close();
  }
}
