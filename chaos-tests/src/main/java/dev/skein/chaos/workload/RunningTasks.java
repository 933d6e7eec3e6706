package dev.skein.chaos.workload;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// The tasks that really run on this machine, on any node of it: found by the mark that the
/// environment of every task's process has, whatever managers and agents know.
public final class RunningTasks {
  private static final Path PROCESSES = Path.of("/proc");
  private static final String MARK = "SKEIN_TASK_ID=";

  private RunningTasks() {}

  /// Their ids.
  public static Set<String> ids() throws IOException {
    Set<String> ids = new HashSet<>();
    try (var processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
      for (var process : processes) {
        for (var variable : environment(process).split("\0", -1)) {
          if (variable.startsWith(MARK)) {
            ids.add(variable.substring(MARK.length()));
          }
        }
      }
    }
    return ids;
  }

  private static String environment(Path process) {
    try {
      return new String(
          Files.readAllBytes(process.resolve("environ")), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      // It has ended, or is another user's, and then no task of this one's nodes.
      return "";
    }
  }
}
