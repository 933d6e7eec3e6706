package dev.skein.chaos.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Clocks that can be moved, by libfaketime: it stands before the C library of a daemon and reads
/// from a file by how much the time of day is off. The monotonic clock stays true.
public final class Clocks {

  /// The file in a node's directory that moves its clock.
  public static final String FILE = "clock";

  private static final List<Path> LIBRARIES =
      List.of(
          Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"),
          Path.of("/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"));

  private Clocks() {}

  /// Whether libfaketime is installed.
  public static boolean available() {
    return LIBRARIES.stream().anyMatch(Files::exists);
  }

  /// What a daemon's environment needs so that a file moves its clock.
  ///
  /// @throws IllegalStateException if libfaketime is not installed
  static Map<String, String> environment(Path clock) {
    var library =
        LIBRARIES.stream()
            .filter(Files::exists)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "clocks can't be moved without libfaketime: apt-get install libfaketime"));
    return Map.of(
        "LD_PRELOAD",
        library.toString(),
        "FAKETIME_TIMESTAMP_FILE",
        clock.toString(),
        "FAKETIME_CACHE_DURATION",
        "1",
        // A daemon's tasks must not share its memory, nor leave it behind.
        "FAKETIME_DISABLE_SHM",
        "1",
        "DONT_FAKE_MONOTONIC",
        "1",
        // The other way of it makes the JVM's waits end late, or never.
        "FAKETIME_FORCE_MONOTONIC_FIX",
        "0");
  }

  /// Sets a clock right.
  public static void reset(Path clock) throws IOException {
    Files.writeString(clock, "+0s\n");
  }
}
