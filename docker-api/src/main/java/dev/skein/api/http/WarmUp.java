package dev.skein.api.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;

/// Asks a server a few questions that change nothing, so that the classes which answers need are
/// loaded before the first user waits for them.
public final class WarmUp {
  private static final int BUFFER_BYTES = 16 << 10;

  private WarmUp() {}

  /// Blocks until all are answered.
  ///
  /// @param paths to `GET`; any answer will do
  public static void ask(Path socket, List<String> paths) throws IOException {
    for (var path : paths) {
      try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        var request = "GET " + path + " HTTP/1.1\r\nHost: skein\r\nConnection: close\r\n\r\n";
        var bytes = ByteBuffer.wrap(request.getBytes(US_ASCII));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        var answer = ByteBuffer.allocate(BUFFER_BYTES);
        while (channel.read(answer) >= 0) {
          answer.clear();
        }
      }
    }
  }
}
