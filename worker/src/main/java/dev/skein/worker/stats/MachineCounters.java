package dev.skein.worker.stats;

import dev.skein.worker.runtime.os.ProcFs;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/// What the whole machine has used since it started, and its memory in use now.
///
/// @param cpuNanos time that its CPUs were busy
/// @param memoryBytes memory that is not available to new processes
/// @param readBytes from whole disks
/// @param writtenBytes to whole disks
/// @param receivedBytes by its network interfaces, loopback aside
/// @param sentBytes by its network interfaces, loopback aside
record MachineCounters(
    long cpuNanos,
    long memoryBytes,
    long readBytes,
    long writtenBytes,
    long receivedBytes,
    long sentBytes) {
  private static final long NANOS_PER_TICK = 1_000_000_000 / ProcFs.TICKS_PER_SECOND;
  private static final long SECTOR_BYTES = 512;
  private static final Pattern SPACES = Pattern.compile("\\s+");

  /// Partitions, and devices that stand for other ones, whose traffic is counted there.
  private static final Pattern NO_DISK =
      Pattern.compile("(?:loop|ram|dm-|md|sr|zram)\\d+|(?:sd|vd|hd|xvd)[a-z]+\\d+|.+p\\d+");

  /// Reads the kernel's tables; what it does not have is 0.
  static MachineCounters read() {
    return of(ProcFs::table);
  }

  /// @param table the lines of a table by its name below `/proc`
  static MachineCounters of(Function<String, List<String>> table) {
    var cpu = 0L;
    for (var line : table.apply("stat")) {
      if (line.startsWith("cpu ")) {
        cpu = busyTicks(SPACES.split(line.strip(), -1)) * NANOS_PER_TICK;
      }
    }
    var memory = 0L;
    for (var line : table.apply("meminfo")) {
      if (line.startsWith("MemTotal:")) {
        memory += kibibytes(line);
      } else if (line.startsWith("MemAvailable:")) {
        memory -= kibibytes(line);
      }
    }
    var read = 0L;
    var written = 0L;
    for (var line : table.apply("diskstats")) {
      var fields = SPACES.split(line.strip(), -1);
      if (fields.length > 9 && !NO_DISK.matcher(fields[2]).matches()) {
        read += Long.parseLong(fields[5]) * SECTOR_BYTES;
        written += Long.parseLong(fields[9]) * SECTOR_BYTES;
      }
    }
    var received = 0L;
    var sent = 0L;
    for (var line : table.apply("net/dev")) {
      var colon = line.indexOf(':');
      if (colon >= 0 && !line.substring(0, colon).strip().equals("lo")) {
        var fields = SPACES.split(line.substring(colon + 1).strip(), -1);
        received += Long.parseLong(fields[0]);
        sent += Long.parseLong(fields[8]);
      }
    }
    return new MachineCounters(cpu, Math.max(0, memory), read, written, received, sent);
  }

  /// User, nice, system, irq and softirq; idle, waiting for disks and stolen time are not use.
  private static long busyTicks(String[] fields) {
    var busy = 0L;
    for (var field : new int[] {1, 2, 3, 6, 7}) {
      busy += field < fields.length ? Long.parseLong(fields[field]) : 0;
    }
    return busy;
  }

  private static long kibibytes(String line) {
    return Long.parseLong(SPACES.split(line.strip(), -1)[1]) << 10;
  }
}
