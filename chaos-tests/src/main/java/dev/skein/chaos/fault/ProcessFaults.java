package dev.skein.chaos.fault;

import dev.skein.cli.dev.DevNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Daemons, machines and tasks that die or freeze.
final class ProcessFaults {

  private ProcessFaults() {}

  static List<Fault> all() {
    return List.of(
        new Fault(
            "kill",
            "The daemon is killed; its tasks go on",
            "SIGKILL to the daemon alone, as by the kernel when memory is short. Its tasks go on"
                + " and the next daemon takes them over. If it led, another manager must lead"
                + " within a second or two; no acknowledged write is lost.",
            List.of(Need.HAND),
            true,
            List.of(),
            ProcessFaults::kill),
        new Fault(
            "crash",
            "The daemon and all its tasks are killed",
            "SIGKILL to everything on the node, as if the machine had stopped; its disk keeps what"
                + " was written. Its replicas must run elsewhere a few seconds later, and nothing"
                + " may run twice when it returns.",
            List.of(Need.HAND),
            true,
            List.of(),
            ProcessFaults::crash),
        new Fault(
            "pause",
            "The daemon and all its tasks are frozen",
            "SIGSTOP to everything on the node, as a suspended virtual machine. A leader that wakes"
                + " up must not answer from the past; a worker that was given up ends what runs"
                + " elsewhere by now.",
            List.of(Need.HAND),
            true,
            List.of(),
            ProcessFaults::pause),
        new Fault(
            "task.kill",
            "A task of the node is killed",
            "SIGKILL to the processes of one task. It must be replaced by its restart policy.",
            List.of(Need.HAND),
            false,
            List.of(),
            site -> onTasks(site, "KILL")),
        new Fault(
            "task.hang",
            "The tasks of the node hang",
            "SIGSTOP to the processes of the tasks, while the daemon goes on. Only a health check"
                + " notices that.",
            List.of(Need.HAND),
            true,
            List.of(),
            site -> onTasks(site, "STOP")));
  }

  private static Injection kill(Site site) throws IOException {
    var deadman = site.arm(List.of(site.startCommand()));
    site.machine().kill();
    return restart(site, deadman);
  }

  private static Injection crash(Site site) throws IOException {
    var deadman = site.arm(List.of(site.startCommand()));
    site.machine().crash();
    return restart(site, deadman);
  }

  /// Starts the node's daemon; what that takes is part of the fault's end.
  static Injection restart(Site site, Deadman deadman) {
    return () -> {
      site.machine().start();
      deadman.disarm();
    };
  }

  private static Injection pause(Site site) throws IOException {
    var processes = site.machine().processes();
    var deadman = site.arm(List.of(signal("CONT", processes)));
    site.machine().pause();
    return deadman::fire;
  }

  private static Injection onTasks(Site site, String signal) throws IOException {
    var processes = site.machine().taskProcesses();
    if (processes.isEmpty()) {
      throw new NotNowException("no task runs on " + site.machine().name());
    }
    var chosen =
        signal.equals("KILL")
            ? List.of(processes.get(site.random().nextInt(processes.size())))
            : processes;
    var deadman = site.arm(signal.equals("STOP") ? List.of(signal("CONT", chosen)) : List.of());
    DevNode.signal(signal, chosen);
    return deadman::fire;
  }

  private static List<String> signal(String signal, List<Long> processes) {
    var words = new ArrayList<>(List.of("kill", "-s", signal));
    processes.forEach(pid -> words.add(Long.toString(pid)));
    return words;
  }
}
