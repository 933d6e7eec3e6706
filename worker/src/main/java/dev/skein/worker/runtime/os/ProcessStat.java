package dev.skein.worker.runtime.os;

/// What `/proc/PID/stat` says, as far as it is used here.
///
/// @param pid the process
/// @param state one letter; `Z` and `X` are dead
/// @param parent its parent's number
/// @param session its session leader's number
/// @param cpuTicks user and system time of itself and the children it waited for
/// @param startTicks when it started, in ticks since boot
/// @param residentPages its resident set
public record ProcessStat(
    long pid,
    char state,
    long parent,
    long session,
    long cpuTicks,
    long startTicks,
    long residentPages) {

  /// The process this is.
  public ProcessId id() {
    return new ProcessId(pid, startTicks);
  }

  /// Whether it still runs; a zombie does not.
  public boolean alive() {
    return state != 'Z' && state != 'X';
  }

  /// Reads one line of `/proc/PID/stat`. The command's name may hold spaces and parentheses, so the
  /// fields are counted from the last closing one.
  static ProcessStat parse(String line) {
    var close = line.lastIndexOf(')');
    var pid = Long.parseLong(line, 0, line.indexOf(' '), 10);
    var fields = line.substring(close + 2).split(" ", -1);
    return new ProcessStat(
        pid,
        fields[0].charAt(0),
        Long.parseLong(fields[1]),
        Long.parseLong(fields[3]),
        Long.parseLong(fields[11])
            + Long.parseLong(fields[12])
            + Long.parseLong(fields[13])
            + Long.parseLong(fields[14]),
        Long.parseLong(fields[19]),
        Long.parseLong(fields[21].strip()));
  }
}
