package dev.skein.worker.runtime.log;

import dev.skein.worker.runtime.os.Linux;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The file that one stream of one task is written to, with the times at which its parts arrived.
///
/// The task writes the file itself, so its output neither blocks nor gets lost while there is no
/// daemon. Lines carry no time; the daemon instead notes now and then how long the file was at
/// which time ([ArrivalIndex]). A line's time is that of the first note that covers its end: never
/// early, late by [LogKeeper#NOTE_PERIOD] at most while the daemon runs. Of what was written while
/// there was no daemon, all is dated by the file's last modification.
///
/// When the file holds more than the policy allows, its head is given back to the file system as a
/// hole. Unlike copying and truncating this loses no line that is written meanwhile, copies
/// nothing and leaves all offsets valid. Where holes cannot be made, and when the file nears the
/// size that file systems allow, it is truncated to nothing instead, which keeps the bound and
/// loses the log's past.
///
/// Thread-safe by its own lock.
final class StreamLog {

  private static final Logger LOG = LoggerFactory.getLogger(StreamLog.class);

  /// Half of what ext4 allows with blocks of 4 KiB.
  private static final long MAX_LOGICAL_BYTES = 1L << 43;

  private static final int SCAN_BYTES = LogEntry.MAX_LINE_BYTES;

  private final Path file;
  private final LogPolicy policy;
  private final ArrivalIndex index;
  private int truncations;
  private int rewrites;

  StreamLog(Path file, Path indexFile, LogPolicy policy) throws IOException {
    this.file = file;
    this.policy = policy;
    index = new ArrivalIndex(indexFile);
  }

  Path file() {
    return file;
  }

  /// Notes what was written since the last note; true if anything was.
  synchronized boolean observe(InstantSource clock) throws IOException {
    var size = size();
    // After the size: a line that came between the two would be dated before it was written.
    return note(size, clock.instant());
  }

  /// Notes what was written while nobody looked.
  synchronized void observeUnseen() throws IOException {
    if (Files.exists(file)) {
      var size = size();
      note(size, Files.getLastModifiedTime(file).toInstant());
    }
  }

  private long size() throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  private boolean note(long size, Instant at) throws IOException {
    if (size < index.end()) {
      // Someone truncated it.
      index.reset();
      truncations++;
      rewrites++;
    }
    if (size <= index.end()) {
      return false;
    }
    index.add(size, at);
    if (size - index.head() > policy.maxBytes() || size > MAX_LOGICAL_BYTES) {
      drop(size);
    }
    if (index.pairs() > ArrivalIndex.MAX_PAIRS) {
      index.thin();
      rewrites++;
    }
    return true;
  }

  private void drop(long size) throws IOException {
    var linux = Linux.available();
    if (linux.isPresent() && size <= MAX_LOGICAL_BYTES) {
      var newHead = lineStart(size - policy.keptBytes(), size);
      try {
        linux.get().punchHole(file, 0, newHead);
        index.moveHead(newHead);
        rewrites++;
        return;
      } catch (Linux.CallFailed e) {
        LOG.warn("{}: truncating the log, as its file system cannot drop its head", file, e);
      }
    }
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(0);
    }
    index.reset();
    truncations++;
    rewrites++;
  }

  /// The first start of a line at or after `offset`; `offset` itself inside a very long line.
  private long lineStart(long offset, long size) throws IOException {
    var buffer = ByteBuffer.allocate((int) Math.min(SCAN_BYTES, size - offset));
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      PositionedRead.fill(channel, buffer, offset);
    }
    for (var i = 0; i < buffer.position(); i++) {
      if (buffer.get(i) == '\n') {
        return offset + i + 1;
      }
    }
    return offset;
  }

  /// What a reader needs to know to go on, given what it knew.
  ///
  /// @param knownRewrites [View#rewrites] of its last view, or -1
  /// @param knownPairs how many pairs of the index it has
  synchronized View view(int knownRewrites, int knownPairs) throws IOException {
    var from = knownRewrites == rewrites ? knownPairs : 0;
    return new View(
        index.head(), index.end(), truncations, rewrites, from, Arrivals.of(index.read(from)));
  }

  /// A moment of the log.
  ///
  /// @param head where its kept part starts
  /// @param end where its dated part ends
  /// @param truncations how often offsets started again at 0
  /// @param rewrites how often known pairs of the index became invalid
  /// @param fromPair the number of the first of `fresh`
  /// @param fresh the pairs that the reader did not know
  record View(long head, long end, int truncations, int rewrites, int fromPair, Arrivals fresh) {}
}
