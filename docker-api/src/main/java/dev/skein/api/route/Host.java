package dev.skein.api.route;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// The machine that the daemon runs on, read once.
///
/// @param operatingSystem as its makers call it, `Debian GNU/Linux 13 (trixie)`
/// @param processors that this process may use
record Host(String operatingSystem, String kernelVersion, int processors) {
  static final String OS = System.getProperty("os.name").toLowerCase(Locale.ROOT);

  /// As Go names it, which Docker's clients compare with.
  static final String ARCHITECTURE =
      switch (System.getProperty("os.arch")) {
        case "x86_64" -> "amd64";
        case "aarch64" -> "arm64";
        case String other -> other;
      };

  private static final Path OS_RELEASE = Path.of("/etc/os-release");
  private static final Path PROCESS_STATUS = Path.of("/proc/self/status");
  private static final String PRETTY_NAME = "PRETTY_NAME=";
  private static final String RESIDENT = "VmRSS:";

  static Host read() {
    return new Host(
        prettyName(), System.getProperty("os.version"), Runtime.getRuntime().availableProcessors());
  }

  private static String prettyName() {
    try (var lines = Files.lines(OS_RELEASE)) {
      return lines
          .filter(line -> line.startsWith(PRETTY_NAME))
          .map(line -> line.substring(PRETTY_NAME.length()).replace("\"", ""))
          .findFirst()
          .orElse(OS);
    } catch (IOException e) {
      return OS; // Not every distribution has the file.
    }
  }

  /// This process's resident memory; 0 where the kernel does not tell.
  static long residentBytes() {
    try (var lines = Files.lines(PROCESS_STATUS)) {
      return lines
          .filter(line -> line.startsWith(RESIDENT))
          .map(line -> line.replaceAll("\\D", ""))
          .mapToLong(kibibytes -> Long.parseLong(kibibytes) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
