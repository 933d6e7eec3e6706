package dev.skein.worker.runtime.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Reads `/proc`. A process may end between any two reads, so everything here is optional.
public final class ProcFs {

  /// Clock ticks in a second as `/proc` counts them: `USER_HZ`, 100 on every Linux since 2.6.
  public static final long TICKS_PER_SECOND = 100;

  private static final Path PROC = Path.of("/proc");

  private ProcFs() {}

  /// A text that changes with every start of the machine.
  public static String bootId() throws IOException {
    return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
  }

  /// The process with this number, dead or alive, if there is one.
  public static Optional<ProcessStat> stat(long pid) {
    try {
      var bytes = Files.readAllBytes(PROC.resolve(pid + "/stat"));
      return Optional.of(ProcessStat.parse(new String(bytes, StandardCharsets.ISO_8859_1)));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /// What a process has made disks do.
  public record DiskTraffic(long readBytes, long writtenBytes) {
    private static final DiskTraffic NONE = new DiskTraffic(0, 0);
  }

  /// What this process has made disks do so far; nothing when it is gone or not ours to look at.
  public static DiskTraffic diskTraffic(long pid) {
    try {
      var read = 0L;
      var written = 0L;
      for (var line : Files.readAllLines(PROC.resolve(pid + "/io"))) {
        if (line.startsWith("read_bytes: ")) {
          read = Long.parseLong(line.substring("read_bytes: ".length()));
        } else if (line.startsWith("write_bytes: ")) {
          written = Long.parseLong(line.substring("write_bytes: ".length()));
        }
      }
      return new DiskTraffic(read, written);
    } catch (IOException e) {
      return DiskTraffic.NONE;
    }
  }

  /// The lines of one of the kernel's tables, such as `net/dev`; none where there is no such table.
  public static List<String> table(String name) {
    try {
      return Files.readAllLines(PROC.resolve(name));
    } catch (IOException e) {
      return List.of();
    }
  }

  /// Whether exactly this process runs.
  public static boolean alive(ProcessId id) {
    return stat(id.pid())
        .filter(stat -> stat.alive() && stat.startTicks() == id.startTicks())
        .isPresent();
  }

  /// Every process that this one may see.
  public static List<ProcessStat> processes() throws IOException {
    var found = new ArrayList<ProcessStat>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (var entry : entries) {
        stat(Long.parseLong(entry.getFileName().toString())).ifPresent(found::add);
      }
    }
    return found;
  }

  /// Whether the process was started with this `NAME=value` in its environment. False when its
  /// environment is not ours to read.
  public static boolean hasEnvironment(long pid, String assignment) {
    return contains(PROC.resolve(pid + "/environ"), assignment);
  }

  /// Whether this is one of the process's arguments.
  public static boolean hasArgument(long pid, String argument) {
    return contains(PROC.resolve(pid + "/cmdline"), argument);
  }

  private static boolean contains(Path file, String entry) {
    try {
      var text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      return Arrays.asList(text.split("\0", -1)).contains(entry);
    } catch (IOException e) {
      return false;
    }
  }
}
