package dev.skein.worker.runtime.cgroup;

import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.TaskUsage;
import dev.skein.worker.runtime.os.ProcessId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One directory per task, in the unified hierarchy of cgroup version 2 (Linux 5.14 for
/// `cgroup.kill`).
final class CgroupV2 implements Containment {

  private static final long CPU_PERIOD_MICROS = 100_000;
  private static final long NANOS_PER_CPU = 1_000_000_000;

  private final Path mount;
  private final String group;
  private final Path parent;
  private final CgroupClaim claim;
  private final Set<String> controllers;

  /// @param mount where the hierarchy is mounted
  /// @param group the path below it that holds this daemon's tasks
  CgroupV2(Path mount, String group) throws IOException {
    this.mount = mount;
    this.group = group;
    parent = mount.resolve(group);
    claim = CgroupClaim.take(parent);
    controllers = new HashSet<>();
    for (var controller : List.of("cpu", "memory", "pids")) {
      if (enable(controller)) {
        controllers.add(controller);
      }
    }
  }

  /// Hands a controller down from the mount to the tasks' cgroups.
  private boolean enable(String controller) {
    try {
      var cgroup = mount;
      CgroupDirectories.write(cgroup.resolve("cgroup.subtree_control"), "+" + controller);
      for (var name : mount.relativize(parent)) {
        cgroup = cgroup.resolve(name);
        CgroupDirectories.write(cgroup.resolve("cgroup.subtree_control"), "+" + controller);
      }
      return true;
    } catch (IOException e) {
      // Version 1 holds the controller, or the mount's own cgroup has processes and may not hand it
      // down (a container without delegation): the limit is not enforced, and features() says so.
      return false;
    }
  }

  @Override
  public List<Feature> features() {
    return List.of(
        limit(Feature.CPU_LIMIT, "cpu"),
        limit(Feature.MEMORY_LIMIT, "memory"),
        limit(Feature.PIDS_LIMIT, "pids"),
        new Feature(Feature.PROCESS_TREE, true, "cgroup v2 cgroup.kill"));
  }

  private Feature limit(String feature, String controller) {
    return controllers.contains(controller)
        ? new Feature(feature, true, "cgroup v2 " + controller)
        : new Feature(
            feature,
            false,
            "the cgroup v2 controller "
                + controller
                + " cannot be enabled here: delegate it to the daemon (systemd: Delegate=yes)");
  }

  @Override
  public List<Path> create(String taskId, Limits limits) throws IOException {
    var cgroup = CgroupDirectories.make(parent.resolve(taskId));
    if (limits.nanoCpus() > 0) {
      var quota = limits.nanoCpus() / (NANOS_PER_CPU / CPU_PERIOD_MICROS);
      CgroupDirectories.write(cgroup.resolve("cpu.max"), quota + " " + CPU_PERIOD_MICROS);
    }
    if (limits.memoryBytes() > 0) {
      CgroupDirectories.write(cgroup.resolve("memory.max"), Long.toString(limits.memoryBytes()));
      var swap = cgroup.resolve("memory.swap.max");
      if (Files.exists(swap)) {
        CgroupDirectories.write(swap, "0");
      }
    }
    if (limits.pids() > 0) {
      CgroupDirectories.write(cgroup.resolve("pids.max"), Long.toString(limits.pids()));
    }
    return List.of(cgroup);
  }

  @Override
  public List<Path> joined(String taskId, Limits limits) {
    return List.of(parent.resolve(taskId));
  }

  @Override
  public List<Long> processes(String taskId, @Nullable ProcessId main) throws IOException {
    return CgroupDirectories.processes(parent.resolve(taskId));
  }

  @Override
  public boolean kill(String taskId, @Nullable ProcessId main) throws IOException {
    if (processes(taskId, main).isEmpty()) {
      return false;
    }
    CgroupDirectories.write(parent.resolve(taskId).resolve("cgroup.kill"), "1");
    return true;
  }

  @Override
  public TaskUsage usage(String taskId, @Nullable ProcessId main) throws IOException {
    var cgroup = parent.resolve(taskId);
    var processes = processes(taskId, main);
    var fromProc = SessionTree.usage(processes);
    var cpu = CgroupDirectories.read(cgroup.resolve("cpu.stat"), "usage_usec");
    var memory = CgroupDirectories.read(cgroup.resolve("memory.current"), "");
    var reclaimable =
        CgroupDirectories.read(cgroup.resolve("memory.stat"), "inactive_file").orElse(0);
    return new TaskUsage(
        cpu.isPresent() ? Duration.ofNanos(cpu.getAsLong() * 1000) : fromProc.cpuTime(),
        memory.isPresent() ? Math.max(0, memory.getAsLong() - reclaimable) : fromProc.memoryBytes(),
        processes.size(),
        fromProc.readBytes(),
        fromProc.writtenBytes());
  }

  @Override
  public boolean oomKilled(String taskId) throws IOException {
    return CgroupDirectories.read(parent.resolve(taskId).resolve("memory.events"), "oom_kill")
            .orElse(0)
        > 0;
  }

  @Override
  public void remove(String taskId) throws IOException {
    CgroupDirectories.remove(parent.resolve(taskId));
  }

  @Override
  public Set<String> taskIds() throws IOException {
    return CgroupDirectories.children(parent);
  }

  @Override
  public void tidy() throws IOException {
    claim.release();
    CgroupDirectories.removeEmpty(mount, group);
  }
}
