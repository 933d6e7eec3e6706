package dev.skein.worker.runtime.cgroup;

import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskUsage;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessId;
import dev.skein.worker.runtime.os.ProcessStat;
import dev.skein.worker.runtime.os.Signals;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Finds a task's processes in `/proc`, where there are no cgroups to be had.
///
/// A process belongs to a task when it is in the main process's session, descends from one that
/// does, or carries the task's mark in its environment. The mark is how a daemon that left both
/// session and parent is found (Jenkins finds a build's leftovers in the same way); one that also
/// cleared its environment escapes, and [#features] says so.
final class SessionTree implements Containment {

  private static final long PAGE_BYTES = 4096;

  /// More rounds than a tree can keep forking for: each one stops all that it finds.
  private static final int MAX_STOP_ROUNDS = 20;

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
  public List<Long> processes(String taskId, @Nullable ProcessId main) throws IOException {
    return members(taskId, main).stream().map(ProcessStat::pid).toList();
  }

  @Override
  public boolean kill(String taskId, @Nullable ProcessId main) throws IOException {
    // All are stopped first, so that none can fork between being seen and being killed.
    var stopped = new HashSet<ProcessId>();
    for (var round = 0; round < MAX_STOP_ROUNDS; round++) {
      var fresh = false;
      for (var member : members(taskId, main)) {
        if (stopped.add(member.id())) {
          Signals.send(member.id(), Signal.STOP);
          fresh = true;
        }
      }
      if (!fresh) {
        break;
      }
    }
    for (var id : stopped) {
      Signals.send(id, Signal.KILL);
    }
    return !stopped.isEmpty();
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

  private List<ProcessStat> members(String taskId, @Nullable ProcessId main) throws IOException {
    var mark = MARK_NAME + "=" + Containment.mark(daemonId, taskId);
    // What is older than the main process is none of the task's: most of the machine need not be
    // read.
    var oldest = main == null ? 0 : main.startTicks();
    var all =
        ProcFs.processes().stream()
            .filter(process -> process.startTicks() >= oldest)
            .collect(Collectors.toMap(ProcessStat::pid, Function.identity(), (a, b) -> a));
    var session = sessionOf(main, all);
    var certain = new HashSet<Long>();
    for (var process : all.values()) {
      if (process.alive()
          && (process.session() == session || ProcFs.hasEnvironment(process.pid(), mark))) {
        certain.add(process.pid());
      }
    }
    var members = new ArrayList<ProcessStat>();
    for (var process : all.values()) {
      if (process.alive() && descends(process, certain, all)) {
        members.add(process);
      }
    }
    return members;
  }

  /// The main process's session, or -1 when another process has its number by now.
  private static long sessionOf(@Nullable ProcessId main, Map<Long, ProcessStat> all) {
    if (main == null) {
      return -1;
    }
    var now = all.get(main.pid());
    return now == null || now.startTicks() == main.startTicks() ? main.pid() : -1;
  }

  private static boolean descends(
      ProcessStat process, Set<Long> ancestors, Map<Long, ProcessStat> all) {
    var seen = new HashSet<Long>();
    for (var at = process; at != null; at = all.get(at.parent())) {
      if (ancestors.contains(at.pid())) {
        return true;
      }
      // Parents change while /proc is read, so what was read may hold a circle.
      if (!seen.add(at.pid())) {
        return false;
      }
    }
    return false;
  }
}
