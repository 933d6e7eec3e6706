package dev.skein.state.ratis;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.thirdparty.com.google.protobuf.InvalidProtocolBufferException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a stopped member's log before Ratis does, and refuses one that lost entries.
///
/// Ratis alone ignores a closed segment that lost its end, drops whatever follows a partial record,
/// and starts with a hole behind the snapshot. Here only one loss is allowed: the torn last write
/// of the open segment, which no acknowledgement can depend on because it was never synced. Such a
/// write leaves sectors of the zero-filled segment unwritten; a bad record without an unwritten
/// sector was damaged afterwards. (The distinction follows Alagappan et al., "Protocol-Aware
/// Recovery for Consensus-Based Storage", FAST 2018.)
final class LogInspection {
  private static final Logger LOG = LoggerFactory.getLogger(LogInspection.class);
  private static final byte[] HEADER = "RaftLog1".getBytes(StandardCharsets.US_ASCII);
  private static final Pattern CLOSED = Pattern.compile("log_(\\d+)-(\\d+)");
  private static final Pattern OPEN = Pattern.compile("log_inprogress_(\\d+)");
  private static final int ENTRY_BYTES_MAX = 5 * 1024 * 1024;
  private static final int SECTOR_BYTES = 512;
  private static final String REPAIR =
      "; remove this manager, wipe its directory and join it again as a new one";

  /// What the log and the snapshots hold.
  ///
  /// @param lastIndex last entry of log or snapshot, -1 if neither has any
  /// @param lastTerm its term, 0 if there is none
  /// @param configurationIndex last configuration entry in the log, -1 if there is none
  record Contents(long lastIndex, long lastTerm, long configurationIndex) {}

  private record Segment(Path file, long start, long end) {
    boolean open() {
      return end < 0;
    }
  }

  private long last = -1;
  private long lastTerm;
  private long configuration = -1;

  private LogInspection() {}

  /// Checks everything, after it has cleared up an interrupted [SnapshotTakeover]; cuts off a torn
  /// last write.
  ///
  /// @throws RaftStorageException naming the damaged file
  static Contents check(StateDirectory directory) throws IOException {
    SnapshotTakeover.recover(directory);
    return new LogInspection().inspect(directory);
  }

  private Contents inspect(StateDirectory directory) throws IOException {
    TermIndex latest = SnapshotFiles.latest(directory.snapshots());
    long snapshot = latest.getIndex();
    lastTerm = latest.getTerm();
    long previousEnd = -1;
    for (Segment segment : segments(directory.current())) {
      boolean hole = segment.start != previousEnd + 1;
      if (hole && (previousEnd > snapshot || segment.start > snapshot + 1)) {
        throw new RaftStorageException(
            segment.file,
            "begins with entry "
                + segment.start
                + " but the entries before it end with "
                + Math.max(previousEnd, snapshot)
                + REPAIR,
            null);
      }
      previousEnd = read(segment);
    }
    last = Math.max(last, snapshot);
    checkConfiguration(directory.current());
    return new Contents(last, lastTerm, configuration);
  }

  /// The configuration file is written when its entry is applied, so the entry must be there.
  private void checkConfiguration(Path current) throws IOException {
    Path file = current.resolve("raft-meta.conf");
    if (!Files.exists(file)) {
      return;
    }
    try (InputStream in = Files.newInputStream(file)) {
      long index = LogEntryProto.parseFrom(in).getIndex();
      // A forced new cluster's configuration may stand one behind the last entry.
      if (index > last + 1) {
        throw new RaftStorageException(
            current, "holds entries to " + last + " but applied " + index + REPAIR, null);
      }
    } catch (InvalidProtocolBufferException e) {
      throw new RaftStorageException(file, "is damaged" + REPAIR, e);
    }
  }

  private static List<Segment> segments(Path current) throws IOException {
    List<Segment> segments = new ArrayList<>();
    for (Path file : list(current)) {
      String name = file.getFileName().toString();
      Matcher closed = CLOSED.matcher(name);
      Matcher open = OPEN.matcher(name);
      if (closed.matches()) {
        segments.add(
            new Segment(file, Long.parseLong(closed.group(1)), Long.parseLong(closed.group(2))));
      } else if (open.matches()) {
        segments.add(new Segment(file, Long.parseLong(open.group(1)), -1));
      }
    }
    segments.sort(Comparator.comparingLong(Segment::start));
    return segments;
  }

  /// Returns the index of the segment's last entry.
  private long read(Segment segment) throws IOException {
    byte[] bytes = Files.readAllBytes(segment.file);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (segment.open() && zero(bytes, 0, bytes.length)) {
      return segment.start - 1; // Made, but its header was never written.
    }
    if (bytes.length < HEADER.length
        || !in.slice(0, HEADER.length).equals(ByteBuffer.wrap(HEADER))) {
      throw new RaftStorageException(
          segment.file, "does not begin as a log segment" + REPAIR, null);
    }
    in.position(HEADER.length);
    long next = segment.start;
    while (in.hasRemaining() && (segment.open() || next <= segment.end)) {
      int position = in.position();
      LogEntryProto entry = entry(bytes, in);
      if (entry == null || entry.getIndex() != next) {
        if (zero(bytes, position, bytes.length)) {
          break;
        }
        if (!segment.open() || !torn(bytes, position)) {
          throw new RaftStorageException(
              segment.file, "is damaged at byte " + position + ", entry " + next + REPAIR, null);
        }
        cut(segment.file, position, next);
        break;
      }
      next++;
      last = entry.getIndex();
      lastTerm = Math.max(lastTerm, entry.getTerm());
      if (entry.hasConfigurationEntry()) {
        configuration = entry.getIndex();
      }
    }
    if (!segment.open() && next <= segment.end) {
      throw new RaftStorageException(
          segment.file, "ends before entry " + next + " of " + segment.end + REPAIR, null);
    }
    return next - 1;
  }

  /// The record at the position: length as a varint, entry, CRC-32C of both. Null if it is bad.
  private static @Nullable LogEntryProto entry(byte[] bytes, ByteBuffer in) {
    int start = in.position();
    int length = varint(in);
    if (length <= 0 || length > ENTRY_BYTES_MAX || in.remaining() < length + Integer.BYTES) {
      return null;
    }
    int covered = in.position() - start + length;
    CRC32C crc = new CRC32C();
    crc.update(bytes, start, covered);
    if ((int) crc.getValue() != in.getInt(start + covered)) {
      return null;
    }
    try {
      LogEntryProto entry = LogEntryProto.parser().parseFrom(bytes, in.position(), length);
      in.position(start + covered + Integer.BYTES);
      return entry;
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
  }

  private static int varint(ByteBuffer in) {
    int value = 0;
    for (int shift = 0; shift < 35 && in.hasRemaining(); shift += 7) {
      byte b = in.get();
      value |= (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    return -1;
  }

  /// Whether the bad record at the position is the trace of an unfinished write: the file ends
  /// within it, or a sector's part of it is still zero.
  private static boolean torn(byte[] bytes, int position) {
    ByteBuffer in = ByteBuffer.wrap(bytes).position(position);
    int length = varint(in);
    long end = in.position() + (long) length + Integer.BYTES;
    if (length < 0 || length > ENTRY_BYTES_MAX) {
      return false;
    }
    if (length > 0 && end > bytes.length) {
      return true;
    }
    int from = position;
    while (from < end) {
      int sectorEnd = Math.min(bytes.length, (from / SECTOR_BYTES + 1) * SECTOR_BYTES);
      // A length of zero means that the record's first sector itself is in question.
      int to = length == 0 ? sectorEnd : (int) Math.min(sectorEnd, end);
      if (zero(bytes, from, to)) {
        return true;
      }
      from = sectorEnd;
    }
    return false;
  }

  private static void cut(Path file, int position, long entry) throws IOException {
    LOG.warn(
        "{}: entry {} at byte {} was being written when the machine stopped; it is dropped",
        file,
        entry,
        position);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(position);
      channel.force(true);
    }
  }

  private static boolean zero(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private static List<Path> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
