package dev.skein.cli.daemon;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Finds the daemon of a directory, whoever has started it: the process that has its lock open.
public final class DaemonProcess {

  private DaemonProcess() {}

  /// The daemon whose data root this is, if one runs that this user may look at.
  public static Optional<ProcessHandle> of(Path dataRoot) throws IOException {
    var lock = new DaemonFiles(dataRoot).lock();
    if (!Files.exists(lock)) {
      return Optional.empty();
    }
    var real = lock.toRealPath();
    try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (var process : processes) {
        if (hasOpen(process, real)) {
          return ProcessHandle.of(Long.parseLong(String.valueOf(process.getFileName())));
        }
      }
    }
    return Optional.empty();
  }

  private static boolean hasOpen(Path process, Path file) {
    try (var descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (var descriptor : descriptors) {
        try {
          if (Files.readSymbolicLink(descriptor).equals(file)) {
            return true;
          }
        } catch (IOException e) {
          // Closed meanwhile.
        }
      }
      return false;
    } catch (IOException | DirectoryIteratorException e) {
      // It has ended, or is another user's.
      return false;
    }
  }
}
