package dev.skein.worker.runtime.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads one task's log line by line, both streams in the order of arrival.
///
/// Owned by one thread, which [#next] may block; [#close] may be called from another and ends a
/// waiting [#next]. Memory is bounded: 64 KiB of each stream, and the index of its times.
public final class LogReader implements AutoCloseable {

  private final TaskLog log;
  private final LogOptions options;
  private final List<StreamCursor> cursors = new ArrayList<>();
  private final Map<StreamCursor, Long> limits = new HashMap<>();
  private volatile boolean closed;

  LogReader(TaskLog log, LogOptions options) throws IOException {
    this.log = log;
    this.options = options;
    var ended = log.ended();
    log.observe();
    for (var stream : LogStream.values()) {
      if (options.streams().contains(stream)) {
        var cursor = new StreamCursor(stream, log.stream(stream));
        cursors.add(cursor);
        limits.put(cursor, cursor.end());
      }
    }
    if (options.tail() >= 0) {
      seekToTail(options.tail(), ended);
    }
  }

  /// The next line, or null at the end: of what existed when the reader was opened, or, when
  /// following, of everything that the task wrote until it ended. Lines that the log drops before
  /// they were read are passed over.
  public @Nullable LogEntry next() throws IOException, InterruptedException {
    while (!closed) {
      var change = log.change();
      var ended = log.ended();
      if (options.follow()) {
        log.observe();
        for (var cursor : cursors) {
          cursor.refresh();
        }
      }
      var cursor = earliest(ended);
      if (cursor != null) {
        var entry = cursor.peek(limit(cursor), ended);
        cursor.take();
        if (entry == null || (options.since() != null && entry.at().isBefore(options.since()))) {
          continue;
        }
        if (options.until() == null || !entry.at().isAfter(options.until())) {
          return entry;
        }
        return null;
      }
      if (ended || !options.follow()) {
        return null;
      }
      log.awaitChange(change);
    }
    return null;
  }

  private @Nullable StreamCursor earliest(boolean ended) throws IOException {
    StreamCursor first = null;
    LogEntry firstEntry = null;
    for (var cursor : cursors) {
      var entry = cursor.peek(limit(cursor), ended);
      if (entry != null && (firstEntry == null || entry.at().isBefore(firstEntry.at()))) {
        first = cursor;
        firstEntry = entry;
      }
    }
    return first;
  }

  private long limit(StreamCursor cursor) {
    return options.follow() ? cursor.end() : limits.getOrDefault(cursor, 0L);
  }

  /// Goes to where the last `lines` lines of all streams together start: to that many of each, and
  /// then over those that are too many, oldest first.
  private void seekToTail(int lines, boolean ended) throws IOException {
    var starts = new HashMap<StreamCursor, Long>();
    var total = 0L;
    for (var cursor : cursors) {
      var limit = limits.getOrDefault(cursor, 0L);
      cursor.seekToTail(lines, limit);
      starts.put(cursor, cursor.position());
      while (cursor.peek(limit, ended) != null) {
        cursor.take();
        total++;
      }
    }
    starts.forEach(StreamCursor::seek);
    for (var excess = total - lines; excess > 0; excess--) {
      var cursor = earliest(ended);
      if (cursor == null) {
        return;
      }
      cursor.take();
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    log.changed();
    for (var cursor : cursors) {
      cursor.close();
    }
  }
}
