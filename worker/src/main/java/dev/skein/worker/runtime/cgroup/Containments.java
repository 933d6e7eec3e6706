package dev.skein.worker.runtime.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Finds out how tasks can be contained on this machine.
///
/// As root, tasks get cgroups below `skein/DAEMON` at the top of each hierarchy (as with Docker's
/// cgroupfs driver), so that they do not share the daemon's own limits and survive its service.
public final class Containments {

  private static final Path MOUNTS = Path.of("/proc/self/mounts");
  private static final String TOP = "skein";

  private Containments() {}

  /// The best containment for this process.
  ///
  /// @param daemonId separates the daemons of one machine: letters, digits, `.`, `_` and `-`
  public static Containment detect(String daemonId) throws IOException {
    var uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (uid != 0) {
      return without(daemonId, "the daemon does not run as root, so it has no cgroups");
    }
    var mounts = Files.readAllLines(MOUNTS);
    sweep(mounts);
    var reason = "no cgroup hierarchy is mounted";
    try {
      var v1 = v1(mounts, daemonId);
      if (v1.isPresent()) {
        return v1.get();
      }
      var v2 = v2(mounts, daemonId);
      if (v2.isPresent()) {
        return v2.get();
      }
    } catch (IOException e) {
      // In many containers the hierarchy is mounted read-only.
      reason = "no cgroup can be made here: " + e.getMessage();
    }
    return without(daemonId, reason);
  }

  /// Removes the cgroups of daemons of this machine that are gone with all their tasks.
  public static void sweep() throws IOException {
    sweep(Files.readAllLines(MOUNTS));
  }

  private static void sweep(List<String> mounts) throws IOException {
    var controllers = controllers(mounts);
    var freezer = controllers.remove(CgroupV1.FREEZER);
    if (freezer != null) {
      var tops = new LinkedHashSet<Path>();
      tops.add(freezer.resolve(TOP));
      controllers.values().forEach(mount -> tops.add(mount.resolve(TOP)));
      CgroupClaim.sweep(List.copyOf(tops));
    }
    var unified = unified(mounts);
    if (unified.isPresent()) {
      CgroupClaim.sweep(List.of(unified.get().resolve(TOP)));
    }
  }

  /// Containment without cgroups, for the reason given.
  public static Containment without(String daemonId, String reason) {
    return new SessionTree(daemonId, reason);
  }

  /// Containment by version 1, when the freezer is mounted.
  static Optional<Containment> v1(List<String> mounts, String daemonId) throws IOException {
    var controllers = controllers(mounts);
    return controllers.containsKey(CgroupV1.FREEZER)
        ? Optional.of(new CgroupV1(Map.copyOf(controllers), TOP + "/" + daemonId))
        : Optional.empty();
  }

  /// Where each controller of version 1 that tasks may need is mounted.
  private static Map<String, Path> controllers(List<String> mounts) {
    var controllers = new HashMap<String, Path>();
    for (var line : mounts) {
      var mount = Mount.parse(line);
      if (mount != null && mount.type.equals("cgroup")) {
        for (var option : mount.options) {
          controllers.putIfAbsent(option, mount.point);
        }
      }
    }
    controllers.keySet().retainAll(List.of(CgroupV1.FREEZER, "cpuacct", "cpu", "memory", "pids"));
    return controllers;
  }

  /// Containment by version 2, when it is mounted.
  static Optional<Containment> v2(List<String> mounts, String daemonId) throws IOException {
    var mount = unified(mounts);
    return mount.isPresent()
        ? Optional.of(new CgroupV2(mount.get(), TOP + "/" + daemonId))
        : Optional.empty();
  }

  private static Optional<Path> unified(List<String> mounts) {
    for (var line : mounts) {
      var mount = Mount.parse(line);
      if (mount != null && mount.type.equals("cgroup2")) {
        return Optional.of(mount.point);
      }
    }
    return Optional.empty();
  }

  /// One line of `/proc/self/mounts`.
  private record Mount(Path point, String type, List<String> options) {

    static @Nullable Mount parse(String line) {
      var fields = line.split(" ", -1);
      return fields.length < 4
          ? null
          : new Mount(Path.of(fields[1]), fields[2], List.of(fields[3].split(",", -1)));
    }
  }
}
