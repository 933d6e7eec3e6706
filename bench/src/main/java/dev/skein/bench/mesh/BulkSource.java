package dev.skein.bench.mesh;

import dev.skein.bench.RealTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/// Sends bytes to whoever connects for as long as they are taken, and measures how fast.
@RealTime
final class BulkSource implements AutoCloseable {
  private static final int CHUNK_BYTES = 256 * 1024;

  final int port;
  private final ServerSocketChannel server;

  BulkSource() throws IOException {
    server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    port = server.socket().getLocalPort();
    Thread.ofPlatform().daemon().start(this::serve);
  }

  /// Megabytes a second over one connection to `port` during `seconds`.
  static double megabytesPerSecond(int port, int seconds) throws IOException {
    var buffer = ByteBuffer.allocateDirect(CHUNK_BYTES);
    try (var channel =
        SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port))) {
      long start = System.nanoTime();
      long end = start + seconds * 1_000_000_000L;
      long bytes = 0;
      while (System.nanoTime() - end < 0) {
        int count = channel.read(buffer.clear());
        if (count < 0) {
          throw new IOException("the source ended early after " + bytes + " bytes");
        }
        bytes += count;
      }
      return bytes / 1e6 / ((System.nanoTime() - start) / 1e9);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  private void serve() {
    try {
      while (true) {
        var channel = server.accept();
        Thread.ofPlatform().daemon().start(() -> send(channel));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private static void send(SocketChannel channel) {
    var chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    try (channel) {
      while (channel.isConnected()) {
        channel.write(chunk.clear());
      }
    } catch (IOException e) {
      // The measurement is over.
    }
  }
}
