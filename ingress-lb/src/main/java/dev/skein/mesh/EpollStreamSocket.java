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
    int count;
    if (into.hasMemoryAddress()) {
      count = socket.recvAddress(into.memoryAddress(), start, start + max);
    } else {
      var buffer = into.internalNioBuffer(start, max);
      count = socket.recv(buffer, buffer.position(), buffer.position() + max);
    }
    if (count > 0) {
      into.writerIndex(start + count);
    }
    return count;
  }

  @Override
  void write(ByteBuf from) throws IOException {
    int count;
    if (from.hasMemoryAddress()) {
      count = socket.sendAddress(from.memoryAddress(), from.readerIndex(), from.writerIndex());
    } else {
      var buffer = from.internalNioBuffer(from.readerIndex(), from.readableBytes());
      count = socket.send(buffer, buffer.position(), buffer.limit());
    }
    from.skipBytes(count);
  }

  @Override
  void shutdownOutput() throws IOException {
    socket.shutdown(false, true);
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
