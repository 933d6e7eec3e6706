package dev.skein.bench.write;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The Java that the launcher gives to the daemon, for what stands in for one.
final class DaemonJvm {
  private DaemonJvm() {}

  /// The command up to the main class; `SKEIN_DAEMON_JAVA_OPTS` adds to it as in the launcher.
  static List<String> command() {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "-Xms24m",
                "-Xmx256m",
                "-Xmn8m",
                "-XX:MinHeapFreeRatio=10",
                "-XX:MaxHeapFreeRatio=30",
                "-XX:ReservedCodeCacheSize=64m",
                "-XX:+ExitOnOutOfMemoryError",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
    var more = System.getenv().getOrDefault("SKEIN_DAEMON_JAVA_OPTS", "").strip();
    if (!more.isEmpty()) {
      command.addAll(List.of(more.split(" +", -1)));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    return command;
  }
}
