package dev.skein.state.ratis;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;

/// The proposals that share one log entry. As a [Message] it travels through Ratis' request to the
/// state machine of the same process; its content is empty so that plain records are never kept.
final class Batch implements Message {
  private static final byte FORMAT = 1;
  private static final int HEADER_BYTES = 1 + Integer.BYTES;

  /// One caller's record, or a barrier when `record` is null.
  static final class Proposal {
    final byte @Nullable [] record;
    final long deadlineNanos;
    final CompletableFuture<Applied> future = new CompletableFuture<>();

    Proposal(byte @Nullable [] record, long deadlineNanos) {
      this.record = record;
      this.deadlineNanos = deadlineNanos;
    }

    int bytes() {
      return record == null ? 0 : record.length;
    }
  }

  private final List<Proposal> proposals;
  private volatile boolean appended;

  Batch(List<Proposal> proposals) {
    this.proposals = List.copyOf(proposals);
  }

  List<Proposal> proposals() {
    return proposals;
  }

  List<byte[]> records() {
    List<byte[]> records = new ArrayList<>(proposals.size());
    for (Proposal proposal : proposals) {
      byte[] record = proposal.record;
      if (record != null) {
        records.add(record);
      }
    }
    return records;
  }

  /// From here on a failure leaves the outcome unknown.
  void markAppended() {
    appended = true;
  }

  boolean appended() {
    return appended;
  }

  /// Format (1 byte), number of records (4), then each record's length (4) and bytes.
  static byte[] encode(List<byte[]> records) {
    int size = HEADER_BYTES;
    for (byte[] record : records) {
      size += Integer.BYTES + record.length;
    }
    ByteBuffer out = ByteBuffer.allocate(size).put(FORMAT).putInt(records.size());
    for (byte[] record : records) {
      out.putInt(record.length).put(record);
    }
    return out.array();
  }

  /// @throws IllegalArgumentException on a newer format or lengths that do not add up
  static List<byte[]> decode(byte[] entry) {
    ByteBuffer in = ByteBuffer.wrap(entry);
    if (in.remaining() < HEADER_BYTES) {
      throw new IllegalArgumentException("log entry of " + entry.length + " bytes is truncated");
    }
    byte format = in.get();
    if (format != FORMAT) {
      throw new IllegalArgumentException(
          "log entry has format " + format + ", not " + FORMAT + "; use a newer program");
    }
    int count = in.getInt();
    if (count < 0 || count > RaftLimits.ENTRY_RECORDS_MAX) {
      throw new IllegalArgumentException("log entry claims " + count + " records");
    }
    List<byte[]> records = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int length = in.remaining() < Integer.BYTES ? -1 : in.getInt();
      if (length < 0 || length > in.remaining()) {
        throw new IllegalArgumentException("record " + i + " of a log entry is truncated");
      }
      byte[] record = new byte[length];
      in.get(record);
      records.add(record);
    }
    if (in.hasRemaining()) {
      throw new IllegalArgumentException(
          in.remaining() + " bytes follow the last record of a log entry");
    }
    return records;
  }

  @Override
  public ByteString getContent() {
    return ByteString.EMPTY;
  }

  @Override
  public String toString() {
    return "Batch[" + proposals.size() + "]";
  }
}
