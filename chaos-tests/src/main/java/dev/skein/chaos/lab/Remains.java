package dev.skein.chaos.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/// What is kept of a lab that is going to be removed, for whoever looks into a failure.
public final class Remains {

  /// Of one manager's Raft directory: as much as some snapshots and segments of a log take.
  static final long STATE_BYTES_MAX = 256L << 20;

  private static final String STATE = "raft";

  private Remains() {}

  /// Copies all daemons' logs into a directory, `NODE.log`.
  public static void keepLogs(Lab lab, Path directory) throws IOException {
    Files.createDirectories(directory);
    for (var node : lab.nodes()) {
      Files.copy(
          node.log(), directory.resolve(node.name() + ".log"), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /// Copies the managers' Raft directories, sealed as they are, into a directory: `NODE-raft/`.
  public static void keepStates(Lab lab, Path directory) throws IOException {
    for (var node : lab.managers()) {
      var left =
          copy(
              node.data().resolve(STATE),
              directory.resolve(node.name() + "-" + STATE),
              STATE_BYTES_MAX);
      if (!left.isEmpty()) {
        lab.note("not kept of %s's Raft directory: %s".formatted(node.name(), left));
      }
    }
  }

  /// Copies a directory's files, the newest first, as far as they fit; what was in the copy before
  /// is replaced where it has the same name.
  ///
  /// @param from may be missing
  /// @return what was left out: it did not fit, or was removed meanwhile
  static List<Path> copy(Path from, Path to, long bytesMax) throws IOException {
    if (!Files.isDirectory(from)) {
      return List.of(from);
    }
    List<Path> files;
    try (var all = Files.walk(from)) {
      files =
          all.filter(Files::isRegularFile)
              .sorted((one, other) -> Long.compare(modified(other), modified(one)))
              .toList();
    }
    var room = bytesMax;
    var left = new ArrayList<Path>();
    for (var file : files) {
      try {
        var size = Files.size(file);
        if (size > room) {
          left.add(file);
          continue;
        }
        var copy = to.resolve(from.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        room -= size;
      } catch (IOException e) {
        // A running manager removes old segments and snapshots.
        left.add(file);
      }
    }
    return left;
  }

  private static long modified(Path file) {
    try {
      return Files.getLastModifiedTime(file).toMillis();
    } catch (IOException e) {
      return 0;
    }
  }
}
