package dev.skein.state.seal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;

/// Opens what [SealedOutputStream] sealed.
///
/// Every byte it returns is authenticated; an altered, reordered or truncated stream gives a
/// [SealException] at the first bad chunk, and the end of the stream is reported only behind an
/// authentic final chunk. A reader must read to the end before it trusts the whole. Not
/// thread-safe.
public final class SealedInputStream extends InputStream {
  private static final int SEALED_CHUNK_BYTES = StreamCipher.CHUNK_BYTES + Sealer.TAG_BYTES;

  private final InputStream in;
  private final StreamCipher cipher;
  private byte[] lookahead;
  private byte[] plain = new byte[0];
  private int position;
  private boolean last;

  /// Reads and checks the header at once.
  ///
  /// @param in source, closed with this stream
  public SealedInputStream(InputStream in, Sealer sealer, Sealer.Kind kind) throws IOException {
    this.in = in;
    byte[] header = in.readNBytes(StreamCipher.HEADER_BYTES);
    ByteBuffer fields = ByteBuffer.wrap(header);
    if (header.length < StreamCipher.HEADER_BYTES
        || !Arrays.equals(
            header,
            0,
            StreamCipher.MAGIC.length,
            StreamCipher.MAGIC,
            0,
            StreamCipher.MAGIC.length)) {
      throw new SealException("not a sealed stream, or truncated in its first bytes");
    }
    fields.position(StreamCipher.MAGIC.length);
    Sealer.checkVersion(fields.get());
    byte found = fields.get();
    if (found != kind.code) {
      throw new SealException("sealed stream is of kind " + found + ", not " + kind);
    }
    this.cipher = new StreamCipher(sealer.requireKey(fields.getInt()), header);
    this.lookahead = in.readNBytes(SEALED_CHUNK_BYTES);
  }

  @Override
  public int read() throws IOException {
    return fill() ? plain[position++] & 0xff : -1;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int copied = Math.min(length, plain.length - position);
    System.arraycopy(plain, position, bytes, offset, copied);
    position += copied;
    return copied;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  /// Makes at least one plain byte available; false at the authentic end.
  private boolean fill() throws IOException {
    while (position == plain.length) {
      if (last) {
        return false;
      }
      byte[] sealed = lookahead;
      lookahead = in.readNBytes(SEALED_CHUNK_BYTES);
      last = lookahead.length == 0;
      if (sealed.length < Sealer.TAG_BYTES) {
        throw new SealException("sealed stream is truncated");
      }
      try {
        plain = cipher.next(Cipher.DECRYPT_MODE, sealed, sealed.length, last);
      } catch (GeneralSecurityException e) {
        throw new SealException("sealed stream was altered or truncated", e);
      }
      position = 0;
    }
    return true;
  }
}
