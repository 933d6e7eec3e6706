package dev.skein.worker.runtime.cgroup;

import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.TaskUsage;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessId;
import dev.skein.worker.runtime.os.ProcessStat;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds a task's processes in `/proc`, as its [ProcessTree], where there are no cgroups to be had.
/// [#features] says which processes escape.
final class SessionTree implements Containment {

  private static final long PAGE_BYTES = 4096;

  private final String daemonId;
  private final String reason;

  /// @param reason why there are no cgroups
  SessionTree(String daemonId, String reason) {
    this.daemonId = daemonId;
    this.reason = reason;
  }

  @Override
  public List<Feature> features() {
    return List.of(
        new Feature(Feature.CPU_LIMIT, false, reason),
        new Feature(Feature.MEMORY_LIMIT, false, reason),
        new Feature(Feature.PIDS_LIMIT, false, reason),
        new Feature(
            Feature.PROCESS_TREE,
            false,
            "by session, parents and environment: a process that leaves its session and clears its"
                + " environment escapes ("
                + reason
                + ")"));
  }

  @Override
  public List<Path> create(String taskId, Limits limits) {
    return List.of();
  }

  @Override
  public List<Path> joined(String taskId, Limits limits) {
    return List.of();
  }

  @Override
  public List<Long> processes(String taskId, @Nullable ProcessId main) throws IOException {
    return tree(taskId, main).members().stream().map(ProcessStat::pid).toList();
  }

  @Override
  public boolean kill(String taskId, @Nullable ProcessId main) throws IOException {
    return tree(taskId, main).kill();
  }

  @Override
  public TaskUsage usage(String taskId, @Nullable ProcessId main) throws IOException {
    return usage(processes(taskId, main));
  }

  @Override
  public boolean oomKilled(String taskId) {
    return false;
  }

  @Override
  public void remove(String taskId) {
    // There is nothing but processes.
  }

  @Override
  public void tidy() {
    // Nothing is shared either.
  }

  @Override
  public Set<String> taskIds() {
    return Set.of();
  }

  /// What these processes use, by `/proc`: shared pages count once for each, and the time of
  /// children that nobody waited for is lost.
  static TaskUsage usage(List<Long> pids) {
    var ticks = 0L;
    var pages = 0L;
    var read = 0L;
    var written = 0L;
    for (var pid : pids) {
      var stat = ProcFs.stat(pid);
      if (stat.isPresent()) {
        ticks += stat.get().cpuTicks();
        pages += stat.get().residentPages();
        var disk = ProcFs.diskTraffic(pid);
        read += disk.readBytes();
        written += disk.writtenBytes();
      }
    }
    return new TaskUsage(
        Duration.ofSeconds(1).multipliedBy(ticks).dividedBy(ProcFs.TICKS_PER_SECOND),
        pages * PAGE_BYTES,
        pids.size(),
        read,
        written);
  }

  private ProcessTree tree(String taskId, @Nullable ProcessId main) {
    return new ProcessTree(MARK_NAME + "=" + Containment.mark(daemonId, taskId), main);
  }
}
