package dev.skein.worker.runtime.cgroup;

import dev.skein.worker.runtime.os.Awaiting;
import dev.skein.worker.runtime.os.ProcFs;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What cgroup v1 and v2 have in common: directories and small text files. A task may have made
/// cgroups below its own, so everything looks at the whole tree.
final class CgroupDirectories {

  private static final Logger LOG = LoggerFactory.getLogger(CgroupDirectories.class);

  /// The kernel gives a cgroup's last process back a moment after it was reaped.
  private static final Duration REMOVE_LIMIT = Duration.ofSeconds(5);

  private static final int MAKE_ATTEMPTS = 10;

  private CgroupDirectories() {}

  /// Makes the cgroup and those above it. Another daemon may remove an empty one above it meanwhile
  /// ([#removeEmpty]), so this tries again.
  static Path make(Path cgroup) throws IOException {
    for (var left = MAKE_ATTEMPTS; left > 1; left--) {
      try {
        return Files.createDirectories(cgroup);
      } catch (NoSuchFileException e) {
        LOG.debug("{} was removed while it was made", cgroup.getParent());
      }
    }
    return Files.createDirectories(cgroup);
  }

  static void write(Path file, String value) throws IOException {
    try {
      Files.writeString(file, value, StandardOpenOption.WRITE);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException("cannot write \"" + value + "\" to " + file + ": " + e.getMessage(), e);
    }
  }

  /// The number in a file, or the one after `key` in a file of lines of key and value.
  static OptionalLong read(Path file, String key) throws IOException {
    try {
      for (var line : Files.readAllLines(file)) {
        if (key.isEmpty()) {
          return OptionalLong.of(Long.parseLong(line.strip()));
        }
        if (line.startsWith(key + " ")) {
          return OptionalLong.of(Long.parseLong(line.substring(key.length() + 1).strip()));
        }
      }
      return OptionalLong.empty();
    } catch (NoSuchFileException e) {
      return OptionalLong.empty();
    }
  }

  /// The live processes in the cgroup and all below it.
  static List<Long> processes(Path cgroup) throws IOException {
    var found = new ArrayList<Long>();
    for (var directory : tree(cgroup)) {
      try {
        for (var line : Files.readAllLines(directory.resolve("cgroup.procs"))) {
          found.add(Long.parseLong(line));
        }
      } catch (IOException e) {
        // Removed meanwhile (ENOENT, or ENODEV after it was opened), and thus empty.
        if (Files.exists(directory)) {
          throw e;
        }
      }
    }
    // Version 1 lists zombies too, which nothing can kill and which hold no resources.
    found.removeIf(pid -> ProcFs.stat(pid).filter(stat -> stat.alive()).isEmpty());
    return found;
  }

  /// Removes the cgroup and all below it.
  static void remove(Path cgroup) throws IOException {
    for (var directory : leavesFirst(cgroup)) {
      var removed =
          Awaiting.until(
              REMOVE_LIMIT,
              () -> {
                try {
                  Files.deleteIfExists(directory);
                  return true;
                } catch (FileSystemException e) {
                  return false;
                }
              });
      if (!removed) {
        throw new IOException(
            "cannot remove the cgroup "
                + directory
                + ": it still has processes "
                + processes(cgroup));
      }
    }
  }

  /// Removes the cgroup and all below it as far as they are empty now.
  static void removeTree(Path cgroup) throws IOException {
    for (var directory : leavesFirst(cgroup)) {
      try {
        Files.deleteIfExists(directory);
      } catch (FileSystemException e) {
        // A process came, or a dead one was not reaped yet.
        return;
      }
    }
  }

  private static List<Path> leavesFirst(Path cgroup) throws IOException {
    var directories = tree(cgroup);
    directories.sort(Comparator.comparingInt(Path::getNameCount).reversed());
    return directories;
  }

  /// Removes the directories of `group` below `mount` as far as they are empty.
  static void removeEmpty(Path mount, String group) throws IOException {
    for (var cgroup = mount.resolve(group);
        !cgroup.equals(mount);
        cgroup = Objects.requireNonNull(cgroup.getParent())) {
      try {
        Files.deleteIfExists(cgroup);
      } catch (FileSystemException e) {
        // Another task or daemon has its cgroups here.
        return;
      }
    }
  }

  /// The names of the cgroups directly below.
  static Set<String> children(Path cgroup) throws IOException {
    var names = new HashSet<String>();
    if (Files.isDirectory(cgroup)) {
      try (var entries = Files.newDirectoryStream(cgroup, Files::isDirectory)) {
        for (var entry : entries) {
          names.add(entry.getFileName().toString());
        }
      }
    }
    return names;
  }

  private static List<Path> tree(Path cgroup) throws IOException {
    var directories = new ArrayList<Path>();
    if (Files.isDirectory(cgroup)) {
      directories.add(cgroup);
      for (var child : children(cgroup)) {
        directories.addAll(tree(cgroup.resolve(child)));
      }
    }
    return directories;
  }
}
