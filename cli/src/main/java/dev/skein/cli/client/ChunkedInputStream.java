package dev.skein.cli.client;

import java.io.IOException;
import java.io.InputStream;

/// Reads a body in chunked transfer coding (RFC 9112, section 7.1); trailers are dropped.
final class ChunkedInputStream extends InputStream {
  private final HttpConnection connection;
  private final InputStream in;
  private long left;
  private boolean first = true;
  private boolean ended;

  ChunkedInputStream(HttpConnection connection, InputStream in) {
    this.connection = connection;
    this.in = in;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (left == 0 && !nextChunk()) {
      return -1;
    }
    int count = in.read(buffer, offset, (int) Math.min(length, left));
    if (count < 0) {
      throw new IOException("the connection was closed in the middle of the answer");
    }
    left -= count;
    return count;
  }

  private boolean nextChunk() throws IOException {
    if (ended) {
      return false;
    }
    if (!first) {
      connection.readLine();
    }
    first = false;
    String size = connection.readLine();
    int extension = size.indexOf(';');
    left = HttpConnection.parse((extension < 0 ? size : size.substring(0, extension)).strip(), 16);
    if (left == 0) {
      ended = true;
      for (int trailers = 0; !connection.readLine().isEmpty(); trailers++) {
        if (trailers >= HttpConnection.HEADERS_MAX) {
          throw new IOException(
              "the answer has more than " + HttpConnection.HEADERS_MAX + " trailers");
        }
      }
      return false;
    }
    return true;
  }
}
