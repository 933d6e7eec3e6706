package dev.skein.worker.runtime.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// Reads from a place in a file that others append to.
final class PositionedRead {

  private PositionedRead() {}

  /// Fills the buffer with what the file has from `offset` on, as far as there is anything.
  static void fill(FileChannel channel, ByteBuffer buffer, long offset) throws IOException {
    var from = offset;
    while (buffer.hasRemaining()) {
      var count = channel.read(buffer, from);
      if (count <= 0) {
        return;
      }
      from += count;
    }
  }
}
