package dev.skein.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What processes have used of the processors, as the kernel counts it.
public final class ProcessorTime {
  /// `USER_HZ`, which Linux has fixed at 100 for what it shows in `/proc`.
  private static final double TICKS_PER_SECOND = 100;

  private ProcessorTime() {}

  /// Seconds of user and system time of a running process so far.
  public static double seconds(long pid) throws IOException {
    var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
    // The fields after the command's closing parenthesis; utime and stime are the 14th and 15th.
    var fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
    return (Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12))) / TICKS_PER_SECOND;
  }
}
