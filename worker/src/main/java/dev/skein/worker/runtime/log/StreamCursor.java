package dev.skein.worker.runtime.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// Reads one stream's lines in order. Holds [#BUFFER_BYTES] of the file at most. Owned by one
/// reader.
final class StreamCursor implements AutoCloseable {

  private static final int BUFFER_BYTES = 64 * 1024;

  private final LogStream stream;
  private final StreamLog log;
  private final Arrivals arrivals = Arrivals.of(new long[0]);
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).flip();
  private @Nullable FileChannel channel;
  private int truncations = -1;
  private int rewrites = -1;

  /// The file offset of the buffer's position.
  private long position;

  private long end;
  private @Nullable LogEntry next;

  StreamCursor(LogStream stream, StreamLog log) throws IOException {
    this.stream = stream;
    this.log = log;
    refresh();
    position = log.view(rewrites, arrivals.pairs()).head();
  }

  /// Takes notice of what was written.
  void refresh() throws IOException {
    var view = log.view(rewrites, arrivals.pairs());
    arrivals.append(view.fromPair(), view.fresh());
    rewrites = view.rewrites();
    end = view.end();
    if (view.truncations() != truncations) {
      truncations = view.truncations();
      seek(view.head());
    } else if (position < view.head()) {
      // The log dropped lines faster than they were read.
      seek(view.head());
    }
  }

  long end() {
    return end;
  }

  /// The next complete line that ends at `limit` or before; with `ended` also a last one without a
  /// line end. The same until [#take].
  @Nullable LogEntry peek(long limit, boolean ended) throws IOException {
    if (next == null) {
      next = read(Math.min(limit, end), ended);
    }
    return next;
  }

  void take() {
    next = null;
  }

  private @Nullable LogEntry read(long limit, boolean ended) throws IOException {
    fill(limit);
    var available = (int) Math.min(buffer.remaining(), limit - position);
    var lineEnd = indexOfLineEnd(available);
    if (lineEnd >= 0) {
      var text = text(lineEnd);
      advance(lineEnd + 1);
      return new LogEntry(stream, arrivals.at(position), text, false);
    }
    if (available > LogEntry.MAX_LINE_BYTES) {
      var length = characterBoundary(LogEntry.MAX_LINE_BYTES);
      var text = text(length);
      advance(length);
      return new LogEntry(stream, arrivals.at(position), text, true);
    }
    if (ended && available > 0) {
      var text = text(available);
      advance(available);
      return new LogEntry(stream, arrivals.at(position), text, false);
    }
    return null;
  }

  /// Has a whole line in the buffer, or more than the longest one, if the file does.
  private void fill(long limit) throws IOException {
    if (buffer.remaining() > LogEntry.MAX_LINE_BYTES + 1
        || position + buffer.remaining() >= limit) {
      return;
    }
    if (channel == null) {
      if (!Files.exists(log.file())) {
        return;
      }
      channel = FileChannel.open(log.file(), StandardOpenOption.READ);
    }
    buffer.compact();
    PositionedRead.fill(channel, buffer, position + buffer.position());
    buffer.flip();
  }

  private int indexOfLineEnd(int available) {
    var last = Math.min(available, LogEntry.MAX_LINE_BYTES + 1);
    for (var i = 0; i < last; i++) {
      if (buffer.get(buffer.position() + i) == '\n') {
        return i;
      }
    }
    return -1;
  }

  /// `length`, or up to three bytes less so as not to cut a UTF-8 character.
  private int characterBoundary(int length) {
    for (var back = 0; back < 4; back++) {
      if ((buffer.get(buffer.position() + length - back) & 0xC0) != 0x80) {
        return length - back;
      }
    }
    return length;
  }

  private String text(int length) {
    var trimmed =
        length > 0 && buffer.get(buffer.position() + length - 1) == '\r' ? length - 1 : length;
    return new String(buffer.array(), buffer.position(), trimmed, StandardCharsets.UTF_8);
  }

  private void advance(int count) {
    buffer.position(buffer.position() + count);
    position += count;
  }

  /// Goes to where the last `lines` lines before `limit` start.
  void seekToTail(int lines, long limit) throws IOException {
    var head = position;
    seek(limit);
    if (lines == 0 || !Files.exists(log.file())) {
      return;
    }
    try (var file = FileChannel.open(log.file(), StandardOpenOption.READ)) {
      var block = ByteBuffer.allocate(BUFFER_BYTES);
      var found = 0;
      for (var to = limit; to > head; ) {
        var from = Math.max(head, to - BUFFER_BYTES);
        block.clear().limit((int) (to - from));
        PositionedRead.fill(file, block, from);
        for (var i = block.position() - 1; i >= 0; i--) {
          // The last line's own end is not the end of one before it.
          if (block.get(i) == '\n' && from + i + 1 < limit && ++found == lines) {
            seek(from + i + 1);
            return;
          }
        }
        to = from;
      }
    }
    seek(head);
  }

  void seek(long offset) {
    position = offset;
    buffer.clear().flip();
    next = null;
  }

  long position() {
    return position;
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
