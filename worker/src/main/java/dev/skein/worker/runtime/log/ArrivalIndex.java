package dev.skein.worker.runtime.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/// A file of (offset, time) pairs: the log had grown to `offset` by `time`. The first pair is where
/// the kept part of the log starts. Owned by one [StreamLog], under its lock.
final class ArrivalIndex {

  /// Above this every second pair is dropped: old times become coarser, none is lost.
  static final int MAX_PAIRS = 32_768;

  private static final int PAIR_BYTES = 16;
  private static final long NANOS = 1_000_000_000L;

  private final Path file;
  private int pairs;
  private long head;
  private long end;
  private long lastNanos;

  /// Opens the file, or makes it with the log's start in it.
  ArrivalIndex(Path file) throws IOException {
    this.file = file;
    if (!Files.exists(file) || Files.size(file) < PAIR_BYTES) {
      reset();
      return;
    }
    var all = read(0);
    pairs = all.length / 2;
    head = all[0];
    end = all[all.length - 2];
    lastNanos = all[all.length - 1];
    // A daemon that was killed while it wrote left part of a pair.
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate((long) pairs * PAIR_BYTES);
    }
  }

  long head() {
    return head;
  }

  long end() {
    return end;
  }

  int pairs() {
    return pairs;
  }

  /// Adds a pair. Time never runs backward here, whatever the clock does.
  void add(long offset, Instant at) throws IOException {
    var nanos = Math.max(lastNanos, at.getEpochSecond() * NANOS + at.getNano());
    var buffer = ByteBuffer.allocate(PAIR_BYTES).putLong(offset).putLong(nanos).flip();
    try (var channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
      channel.write(buffer, (long) pairs * PAIR_BYTES);
    }
    pairs++;
    end = offset;
    lastNanos = nanos;
  }

  /// Offsets and nanoseconds since 1970 in turns, from the given pair on.
  long[] read(int fromPair) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      var from = (long) fromPair * PAIR_BYTES;
      var count = (int) Math.max(0, (channel.size() - from) / PAIR_BYTES);
      var buffer = ByteBuffer.allocate(count * PAIR_BYTES);
      PositionedRead.fill(channel, buffer, from);
      var values = new long[count * 2];
      buffer.flip().asLongBuffer().get(values);
      return values;
    }
  }

  /// Forgets what lies before `newHead`.
  void moveHead(long newHead) throws IOException {
    var all = read(0);
    var kept = ByteBuffer.allocate(all.length * 8);
    kept.putLong(newHead).putLong(0);
    for (var i = 2; i < all.length; i += 2) {
      if (all[i] > newHead) {
        kept.putLong(all[i]).putLong(all[i + 1]);
      }
    }
    replace(kept);
    head = newHead;
  }

  /// Drops every second pair but the first and the last.
  void thin() throws IOException {
    var all = read(0);
    var kept = ByteBuffer.allocate(all.length * 8);
    for (var i = 0; i < all.length; i += 2) {
      if (i == 0 || i % 4 == 2 || i == all.length - 2) {
        kept.putLong(all[i]).putLong(all[i + 1]);
      }
    }
    replace(kept);
  }

  /// Starts again with an empty log.
  void reset() throws IOException {
    replace(ByteBuffer.allocate(PAIR_BYTES).putLong(0).putLong(0));
    head = 0;
    end = 0;
  }

  private void replace(ByteBuffer content) throws IOException {
    content.flip();
    pairs = content.remaining() / PAIR_BYTES;
    var next = file.resolveSibling(file.getFileName() + ".next");
    try (var channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      channel.write(content);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
