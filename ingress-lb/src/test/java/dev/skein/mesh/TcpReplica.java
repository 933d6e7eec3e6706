package dev.skein.mesh;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A replica for tests: says its name on a line of its own, then echoes until the client's end.
final class TcpReplica implements AutoCloseable {
  final String name;
  final int port;
  final AtomicInteger accepted = new AtomicInteger();
  final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ServerSocket server;

  TcpReplica(String name) {
    this(name, 0);
  }

  TcpReplica(String name, int port) {
    this.name = name;
    try {
      server = new ServerSocket();
      server.setReuseAddress(true);
      server.bind(new InetSocketAddress(address(), port), 1024);
      this.port = server.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::acceptAll);
  }

  static InetAddress address() {
    return InetAddress.ofLiteral("127.0.0.1");
  }

  /// A port that nothing listens on.
  static int freePort(InetAddress address) {
    try (var socket = new ServerSocket(0, 1, address)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Endpoint ready() {
    return new Endpoint(name, "127.0.0.1", port, Endpoint.State.READY);
  }

  Endpoint draining() {
    return new Endpoint(name, "127.0.0.1", port, Endpoint.State.DRAINING);
  }

  @Override
  public void close() {
    try {
      server.close();
      for (var socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void acceptAll() {
    try {
      while (true) {
        var socket = server.accept();
        accepted.incrementAndGet();
        open.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket
          .getOutputStream()
          .write((name + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
      socket.getInputStream().transferTo(socket.getOutputStream());
      socket.shutdownOutput();
    } catch (IOException e) {
      // The test ended the connection.
    } finally {
      open.remove(socket);
    }
  }
}
