package dev.skein.bench.write;

import java.nio.file.Path;
import java.util.List;

/// The Java that the launcher gives to the daemon, for what stands in for one.
final class DaemonJvm {
  private DaemonJvm() {}

  /// The command up to the main class.
  static List<String> command() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:+UseCompactObjectHeaders",
        "-XX:TieredStopAtLevel=1",
        "-Xms24m",
        "-Xmx256m",
        "-Xmn8m",
        "-XX:MinHeapFreeRatio=10",
        "-XX:MaxHeapFreeRatio=30",
        "-XX:ReservedCodeCacheSize=32m",
        "-XX:+ExitOnOutOfMemoryError",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-cp",
        System.getProperty("java.class.path"));
  }
}
