package dev.skein.worker.runtime.cgroup;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A daemon's hold on its directory of cgroups: a lock on a file in it, which ends with the
/// daemon's process however that ends.
///
/// A node that left its swarm, or whose state was deleted, never comes back under its id, so nobody
/// would look for its cgroups again. The next daemon of the machine removes what nobody holds and
/// where no process is.
final class CgroupClaim {

  private static final Logger LOG = LoggerFactory.getLogger(CgroupClaim.class);
  private static final String LOCKED = "cgroup.procs";
  private static final int ATTEMPTS = 10;

  /// What this process holds: closing any channel to a file gives up all of a process's locks on
  /// it, so these must not even be tried.
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path group;
  private final @Nullable FileChannel lock;

  private CgroupClaim(Path group, @Nullable FileChannel lock) {
    this.group = group;
    this.lock = lock;
  }

  /// Makes the directory and takes hold of it. Where somebody has it already, as another runtime of
  /// this process or whoever cleans up after the daemon, this goes on without.
  static CgroupClaim take(Path group) throws IOException {
    CgroupDirectories.make(group);
    if (!HELD.add(group)) {
      return new CgroupClaim(group, null);
    }
    for (var left = ATTEMPTS; left > 0; left--) {
      var lock = lock(group);
      if (lock != null && Files.isDirectory(group)) {
        return new CgroupClaim(group, lock);
      }
      if (lock != null) {
        // Another daemon swept it up before it was held.
        lock.close();
      }
      CgroupDirectories.make(group);
    }
    LOG.debug("{} is held by another process", group);
    HELD.remove(group);
    return new CgroupClaim(group, null);
  }

  private static @Nullable FileChannel lock(Path group) throws IOException {
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              group.resolve(LOCKED), StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      return null;
    }
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      LOG.debug("{} is held by this process", group);
    }
    channel.close();
    return null;
  }

  /// Gives the directory up; it may be removed then.
  void release() throws IOException {
    if (lock != null) {
      lock.close();
      HELD.remove(group);
    }
  }

  /// Removes the directories of daemons that are gone, as far as no process is in them.
  ///
  /// @param tops the directories that hold one for each daemon; daemons lock that in the first
  static void sweep(List<Path> tops) throws IOException {
    var daemons = new HashSet<String>();
    for (var top : tops) {
      daemons.addAll(CgroupDirectories.children(top));
    }
    for (var daemon : daemons) {
      try {
        sweep(tops, daemon);
      } catch (IOException e) {
        // It may end, or begin, at this very moment; nothing is lost by leaving it there.
        LOG.debug("the cgroups of {} are left as they are", daemon, e);
      }
    }
  }

  private static void sweep(List<Path> tops, String daemon) throws IOException {
    var group = tops.getFirst().resolve(daemon);
    if (HELD.contains(group)) {
      return;
    }
    var lock = lock(group);
    if (lock == null && Files.isDirectory(group)) {
      return;
    }
    try {
      var groups = tops.stream().map(top -> top.resolve(daemon)).toList();
      if (isEmpty(groups)) {
        LOG.debug("removing the cgroups of {}, which is no daemon any more", daemon);
        for (var left : groups) {
          CgroupDirectories.removeTree(left);
        }
      }
    } finally {
      if (lock != null) {
        lock.close();
      }
    }
  }

  private static boolean isEmpty(Collection<Path> groups) throws IOException {
    for (var group : groups) {
      if (!CgroupDirectories.processes(group).isEmpty()) {
        return false;
      }
    }
    return true;
  }
}
