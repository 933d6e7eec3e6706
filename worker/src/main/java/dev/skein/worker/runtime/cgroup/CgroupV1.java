package dev.skein.worker.runtime.cgroup;

import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskUsage;
import dev.skein.worker.runtime.os.Awaiting;
import dev.skein.worker.runtime.os.ProcessId;
import dev.skein.worker.runtime.os.Signals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One directory per controller and task, in cgroup version 1 (and the hybrid layout).
///
/// Joining a cgroup waits some milliseconds for the kernel, so a task joins only what it needs:
/// the freezer, by which it is killed, CPU accounting, and the controllers of its limits.
final class CgroupV1 implements Containment {

  /// The freezer holds the list of a task's processes.
  static final String FREEZER = "freezer";

  private static final String CPU_ACCOUNTING = "cpuacct";
  private static final String CPU = "cpu";
  private static final String MEMORY = "memory";
  private static final String PIDS = "pids";

  private static final long CPU_PERIOD_MICROS = 100_000;
  private static final long NANOS_PER_CPU = 1_000_000_000;
  private static final Duration FREEZE_LIMIT = Duration.ofMillis(200);

  private final Map<String, Path> controllers;
  private final String group;
  private final CgroupClaim claim;

  /// @param controllers where each controller is mounted; the freezer must be among them
  /// @param group the path below each mount that holds this daemon's tasks
  CgroupV1(Map<String, Path> controllers, String group) throws IOException {
    this.controllers = controllers;
    this.group = group;
    claim = CgroupClaim.take(parent(FREEZER));
  }

  @Override
  public List<Feature> features() {
    return List.of(
        limit(Feature.CPU_LIMIT, CPU),
        limit(Feature.MEMORY_LIMIT, MEMORY),
        limit(Feature.PIDS_LIMIT, PIDS),
        new Feature(Feature.PROCESS_TREE, true, "cgroup v1 freezer"));
  }

  private Feature limit(String feature, String controller) {
    return controllers.containsKey(controller)
        ? new Feature(feature, true, "cgroup v1 " + controller)
        : new Feature(feature, false, "the cgroup v1 controller " + controller + " is not mounted");
  }

  @Override
  public List<Path> create(String taskId, Limits limits) throws IOException {
    var directories = joined(taskId, limits);
    for (var directory : directories) {
      CgroupDirectories.make(directory);
    }
    apply(taskId, limits);
    return directories;
  }

  @Override
  public List<Path> joined(String taskId, Limits limits) {
    var wanted = new ArrayList<>(List.of(FREEZER, CPU_ACCOUNTING));
    if (limits.nanoCpus() > 0) {
      wanted.add(CPU);
    }
    if (limits.memoryBytes() > 0) {
      wanted.add(MEMORY);
    }
    if (limits.pids() > 0) {
      wanted.add(PIDS);
    }
    wanted.retainAll(controllers.keySet());
    // Two controllers may share one mount, and a process joins it once.
    var directories = new LinkedHashSet<Path>();
    for (var controller : wanted) {
      directories.add(directory(controller, taskId));
    }
    return List.copyOf(directories);
  }

  private void apply(String taskId, Limits limits) throws IOException {
    if (limits.nanoCpus() > 0) {
      var cpu = directory(CPU, taskId);
      CgroupDirectories.write(cpu.resolve("cpu.cfs_period_us"), Long.toString(CPU_PERIOD_MICROS));
      CgroupDirectories.write(
          cpu.resolve("cpu.cfs_quota_us"),
          Long.toString(limits.nanoCpus() / (NANOS_PER_CPU / CPU_PERIOD_MICROS)));
    }
    if (limits.memoryBytes() > 0) {
      var memory = directory(MEMORY, taskId);
      var bytes = Long.toString(limits.memoryBytes());
      CgroupDirectories.write(memory.resolve("memory.limit_in_bytes"), bytes);
      var withSwap = memory.resolve("memory.memsw.limit_in_bytes");
      if (Files.exists(withSwap)) {
        CgroupDirectories.write(withSwap, bytes);
      }
    }
    if (limits.pids() > 0) {
      CgroupDirectories.write(
          directory(PIDS, taskId).resolve("pids.max"), Long.toString(limits.pids()));
    }
  }

  @Override
  public List<Long> processes(String taskId, @Nullable ProcessId main) throws IOException {
    return CgroupDirectories.processes(directory(FREEZER, taskId));
  }

  @Override
  public boolean kill(String taskId, @Nullable ProcessId main) throws IOException {
    var state = directory(FREEZER, taskId).resolve("freezer.state");
    if (processes(taskId, main).isEmpty()) {
      return false;
    }
    // Frozen processes cannot fork, and their numbers cannot be reused. A process that the kernel
    // cannot freeze now is killed all the same.
    CgroupDirectories.write(state, "FROZEN");
    try {
      Awaiting.until(FREEZE_LIMIT, () -> Files.readString(state).strip().equals("FROZEN"));
      for (var pid : processes(taskId, main)) {
        Signals.send(pid, Signal.KILL);
      }
    } finally {
      CgroupDirectories.write(state, "THAWED");
    }
    return true;
  }

  @Override
  public TaskUsage usage(String taskId, @Nullable ProcessId main) throws IOException {
    var processes = processes(taskId, main);
    var fromProc = SessionTree.usage(processes);
    var cpu = CgroupDirectories.read(file(CPU_ACCOUNTING, taskId, "cpuacct.usage"), "");
    var memory = CgroupDirectories.read(file(MEMORY, taskId, "memory.usage_in_bytes"), "");
    var reclaimable =
        CgroupDirectories.read(file(MEMORY, taskId, "memory.stat"), "total_inactive_file")
            .orElse(0);
    return new TaskUsage(
        cpu.isPresent() ? Duration.ofNanos(cpu.getAsLong()) : fromProc.cpuTime(),
        memory.isPresent() ? Math.max(0, memory.getAsLong() - reclaimable) : fromProc.memoryBytes(),
        processes.size(),
        fromProc.readBytes(),
        fromProc.writtenBytes());
  }

  @Override
  public boolean oomKilled(String taskId) throws IOException {
    return CgroupDirectories.read(file(MEMORY, taskId, "memory.oom_control"), "oom_kill").orElse(0)
        > 0;
  }

  @Override
  public void remove(String taskId) throws IOException {
    for (var controller : controllers.keySet()) {
      CgroupDirectories.remove(directory(controller, taskId));
    }
  }

  @Override
  public Set<String> taskIds() throws IOException {
    var ids = new HashSet<String>();
    for (var controller : controllers.keySet()) {
      ids.addAll(CgroupDirectories.children(parent(controller)));
    }
    return ids;
  }

  @Override
  public void tidy() throws IOException {
    claim.release();
    for (var mount : controllers.values()) {
      CgroupDirectories.removeEmpty(mount, group);
    }
  }

  /// A file that does not exist when the controller is not mounted or the task did not need it.
  private Path file(String controller, String taskId, String name) {
    var mount = controllers.getOrDefault(controller, Path.of("/nonexistent"));
    return mount.resolve(group).resolve(taskId).resolve(name);
  }

  private Path directory(String controller, String taskId) {
    return parent(controller).resolve(taskId);
  }

  private Path parent(String controller) {
    var mount = controllers.get(controller);
    if (mount == null) {
      throw new IllegalStateException("cgroup v1 controller " + controller + " is not mounted");
    }
    return mount.resolve(group);
  }
}
