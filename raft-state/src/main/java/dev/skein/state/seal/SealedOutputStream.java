package dev.skein.state.seal;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;

/// Seals a stream of any length in chunks of 64 KiB.
///
/// Each chunk is authenticated together with its number; the last one carries a final mark, written
/// only by `close`. A stream that was not closed is refused by [SealedInputStream]. Closing closes
/// the target. Not thread-safe.
public final class SealedOutputStream extends OutputStream {
  private final OutputStream out;
  private final StreamCipher cipher;
  private final byte[] chunk = new byte[StreamCipher.CHUNK_BYTES];
  private int filled;
  private boolean closed;

  /// Writes the header at once.
  ///
  /// @param out target, closed with this stream
  public SealedOutputStream(OutputStream out, Sealer sealer, Sealer.Kind kind) throws IOException {
    Map.Entry<Integer, SecretKey> active = sealer.keyring().active();
    byte[] salt = new byte[StreamCipher.SALT_BYTES];
    sealer.random().nextBytes(salt);
    byte[] header =
        ByteBuffer.allocate(StreamCipher.HEADER_BYTES)
            .put(StreamCipher.MAGIC)
            .put(Sealer.VERSION)
            .put(kind.code)
            .putInt(active.getKey())
            .put(salt)
            .array();
    this.out = out;
    this.cipher = new StreamCipher(active.getValue(), header);
    out.write(header);
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (closed) {
      throw new IOException("sealed stream is closed");
    }
    int from = offset;
    int left = length;
    while (left > 0) {
      if (filled == chunk.length) {
        flushChunk(false);
      }
      int copied = Math.min(left, chunk.length - filled);
      System.arraycopy(bytes, from, chunk, filled, copied);
      filled += copied;
      from += copied;
      left -= copied;
    }
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (out) {
      flushChunk(true);
    }
  }

  private void flushChunk(boolean last) throws IOException {
    try {
      out.write(cipher.next(Cipher.ENCRYPT_MODE, chunk, filled, last));
      filled = 0;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM is not usable on this JVM", e);
    }
  }
}
