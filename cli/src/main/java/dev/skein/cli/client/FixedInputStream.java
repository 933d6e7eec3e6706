package dev.skein.cli.client;

import java.io.IOException;
import java.io.InputStream;

/// Reads a body of a known length and no further, so that the connection can be used again.
final class FixedInputStream extends InputStream {
  private final InputStream in;
  private long left;

  FixedInputStream(InputStream in, long length) {
    this.in = in;
    this.left = length;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (left == 0) {
      return -1;
    }
    int count = in.read(buffer, offset, (int) Math.min(length, left));
    if (count < 0) {
      throw new IOException("the connection was closed in the middle of the answer");
    }
    left -= count;
    return count;
  }
}
