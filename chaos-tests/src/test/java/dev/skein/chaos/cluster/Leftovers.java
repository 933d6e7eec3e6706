package dev.skein.chaos.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What a cluster must not leave behind.
final class Leftovers {

  private Leftovers() {}

  /// Fails if a process still works below `root`, or files are left there.
  static void requireNone(Path root) throws IOException {
    var left = new ArrayList<String>();
    try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (var process : processes) {
        var line = commandLine(process);
        if (line.contains(root + "/")) {
          left.add(process + ": " + line);
        }
      }
    }
    try (var files = Files.list(root)) {
      files.forEach(file -> left.add(file.toString()));
    }
    if (!left.isEmpty()) {
      throw new AssertionError("left behind: " + String.join("\n", left));
    }
  }

  /// The cgroups that exist for a node's tasks.
  static List<Path> cgroups(String nodeId) throws IOException {
    var found = new ArrayList<Path>();
    var top = Path.of("/sys/fs/cgroup");
    if (nodeId.isEmpty() || !Files.isDirectory(top)) {
      return found;
    }
    try (var hierarchies = Files.list(top)) {
      hierarchies
          .map(h -> h.resolve("skein").resolve(nodeId))
          .filter(Files::exists)
          .forEach(found::add);
    }
    var unified = top.resolve("skein").resolve(nodeId);
    if (Files.exists(unified)) {
      found.add(unified);
    }
    return found;
  }

  private static String commandLine(Path process) {
    try {
      return Files.readString(process.resolve("cmdline")).replace('\0', ' ');
    } catch (IOException e) {
      // It has ended.
      return "";
    }
  }
}
