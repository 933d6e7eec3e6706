package dev.skein.cli.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Takes Docker's multiplexed log stream apart: each frame is one byte for the stream, three of
/// zeros, a length in four bytes, most significant first, and as many bytes.
public final class LogFrames {
  /// Frames of standard output.
  public static final int STDOUT = 1;

  /// Frames of standard error.
  public static final int STDERR = 2;

  /// Frames that carry an error of the daemon.
  public static final int SYSTEM_ERROR = 3;

  /// The longest frame that is accepted, in bytes.
  public static final int FRAME_BYTES_MAX = 16 * 1024 * 1024;

  private static final int HEADER_BYTES = 8;
  private static final int RAW_BYTES = 32 * 1024;

  private final InputStream in;
  private final boolean raw;

  /// @param raw whether the stream is not framed, as that of a terminal isn't
  public LogFrames(InputStream in, boolean raw) {
    this.in = in;
    this.raw = raw;
  }

  /// One frame.
  ///
  /// @param stream [#STDOUT], [#STDERR] or [#SYSTEM_ERROR]
  /// @param payload usually a line with its newline; owned by the caller
  @SuppressWarnings("ArrayRecordComponent") // Frames are consumed at once and never compared.
  public record Frame(int stream, byte[] payload) {}

  /// The next frame, or null when the stream has ended between two.
  public @Nullable Frame next() throws IOException {
    if (raw) {
      byte[] some = new byte[RAW_BYTES];
      int count = in.read(some);
      return count < 0 ? null : new Frame(STDOUT, java.util.Arrays.copyOf(some, count));
    }
    byte[] header = in.readNBytes(HEADER_BYTES);
    if (header.length == 0) {
      return null;
    }
    if (header.length < HEADER_BYTES) {
      throw new EOFException("the log ended in the middle of a line");
    }
    int stream = header[0];
    int length = ByteBuffer.wrap(header, 4, 4).getInt();
    if (stream < 0 || stream > SYSTEM_ERROR || length < 0 || length > FRAME_BYTES_MAX) {
      throw new IOException("the log is malformed: stream " + stream + ", length " + length);
    }
    byte[] payload = in.readNBytes(length);
    if (payload.length < length) {
      throw new EOFException("the log ended in the middle of a line");
    }
    return new Frame(stream == 0 ? STDOUT : stream, payload);
  }
}
