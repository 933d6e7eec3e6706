package dev.skein.worker.runtime.log;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What to read of a task's log.
///
/// @param follow whether to wait for more until the task has ended
/// @param tail the last so many lines of what exists now, or -1 for all of it
/// @param since nothing earlier, or null
/// @param until nothing later, or null
/// @param streams which streams
public record LogOptions(
    boolean follow,
    int tail,
    @Nullable Instant since,
    @Nullable Instant until,
    Set<LogStream> streams) {

  /// Everything that exists now.
  public static final LogOptions ALL =
      new LogOptions(false, -1, null, null, Set.of(LogStream.values()));

  /// Copies the set. Throws [IllegalArgumentException] for a tail below -1 or no stream.
  public LogOptions {
    streams = Set.copyOf(streams);
    if (tail < -1) {
      throw new IllegalArgumentException("tail is " + tail + "; use -1 for all lines");
    }
    if (streams.isEmpty()) {
      throw new IllegalArgumentException("no log stream chosen: use stdout, stderr or both");
    }
  }

  /// These options with another tail.
  public LogOptions withTail(int lines) {
    return new LogOptions(follow, lines, since, until, streams);
  }

  /// These options, waiting for more.
  public LogOptions following() {
    return new LogOptions(true, tail, since, until, streams);
  }

  /// These options within a time span.
  public LogOptions between(@Nullable Instant from, @Nullable Instant to) {
    return new LogOptions(follow, tail, from, to, streams);
  }

  /// These options for some streams only.
  public LogOptions only(LogStream... chosen) {
    return new LogOptions(follow, tail, since, until, Set.of(chosen));
  }
}
