package dev.skein.mesh;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// How the mesh talks to the kernel.
public enum Transport {
  /// Linux epoll through Netty's native library, edge-triggered.
  EPOLL {
    @Override
    IoHandlerFactory ioHandlerFactory() {
      return EpollIoHandler.newFactory();
    }

    @Override
    StreamServer listen(InetSocketAddress address, int backlog) throws IOException {
      return EpollStreamServer.listen(address, backlog);
    }

    @Override
    StreamSocket stream(InetAddress peer) throws IOException {
      return EpollStreamSocket.open(peer);
    }

    @Override
    DatagramChannel datagram(InetAddress address) {
      return new EpollDatagramChannel(family(address));
    }
  },

  /// The JDK's selectors, everywhere.
  NIO {
    @Override
    IoHandlerFactory ioHandlerFactory() {
      return NioIoHandler.newFactory();
    }

    @Override
    StreamServer listen(InetSocketAddress address, int backlog) throws IOException {
      return NioStreamServer.listen(address, backlog);
    }

    @Override
    StreamSocket stream(InetAddress peer) throws IOException {
      return NioStreamSocket.open();
    }

    @Override
    DatagramChannel datagram(InetAddress address) {
      return new NioDatagramChannel(family(address));
    }
  };

  static Transport choose(boolean preferNative) {
    return preferNative && Epoll.isAvailable() ? EPOLL : NIO;
  }

  abstract IoHandlerFactory ioHandlerFactory();

  /// Opens a listening socket. TCP_NODELAY and SO_KEEPALIVE are set on it, or on what it accepts
  /// where they are not inherited.
  abstract StreamServer listen(InetSocketAddress address, int backlog) throws IOException;

  /// Opens an unconnected socket that can reach `peer`.
  abstract StreamSocket stream(InetAddress peer) throws IOException;

  abstract DatagramChannel datagram(InetAddress address);

  static SocketProtocolFamily family(InetAddress address) {
    return address instanceof Inet4Address ? SocketProtocolFamily.INET : SocketProtocolFamily.INET6;
  }
}
