package dev.skein.mesh;

import io.netty.channel.unix.Socket;
import java.net.InetAddress;

/// Netty's native TCP socket, of the family that an address needs.
final class InetSocket extends Socket {
  InetSocket(int fd) {
    super(fd);
  }

  static InetSocket open(InetAddress address) {
    return new InetSocket(newSocketStream0(Transport.family(address)));
  }
}
