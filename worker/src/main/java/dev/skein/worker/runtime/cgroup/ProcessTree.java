package dev.skein.worker.runtime.cgroup;

import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessId;
import dev.skein.worker.runtime.os.ProcessStat;
import dev.skein.worker.runtime.os.Signals;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A process and all that came of it, as found in `/proc`.
///
/// A process belongs to it when it is in the main process's session, descends from one that does,
/// or carries the mark in its environment. The mark is how a daemon that left both session and
/// parent is found (Jenkins finds a build's leftovers in the same way); one that also cleared its
/// environment escapes. Stateless; any thread.
///
/// @param mark `NAME=value` in the environment of every process of the tree
/// @param main the first process, or null when it never existed
public record ProcessTree(String mark, @Nullable ProcessId main) {

  /// More rounds than a tree can keep forking for: each one stops all that it finds.
  private static final int MAX_STOP_ROUNDS = 20;

  /// Sends SIGKILL to every process that the tree has now; false when it has none.
  public boolean kill() throws IOException {
    // All are stopped first, so that none can fork between being seen and being killed.
    var stopped = new HashSet<ProcessId>();
    for (var round = 0; round < MAX_STOP_ROUNDS; round++) {
      var fresh = false;
      for (var member : members()) {
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

  /// The live processes of the tree.
  List<ProcessStat> members() throws IOException {
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
