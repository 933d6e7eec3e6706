package dev.skein.worker.runtime.log;

import java.time.Instant;

/// One line that a task wrote.
///
/// @param stream where it wrote it
/// @param at when the line was complete on disk, as exactly as the daemon saw it: see [StreamLog]
/// @param line the text without its line end; bytes that are not UTF-8 become U+FFFD
/// @param partial whether more of the same line follows in the next entry of the stream, because it
///     is longer than [#MAX_LINE_BYTES]
public record LogEntry(LogStream stream, Instant at, String line, boolean partial) {

  /// Longer lines are split.
  public static final int MAX_LINE_BYTES = 16 * 1024;
}
