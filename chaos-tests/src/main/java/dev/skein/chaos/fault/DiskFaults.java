package dev.skein.chaos.fault;

import dev.skein.chaos.fault.Fault.Option;
import dev.skein.chaos.lab.Disk;
import dev.skein.chaos.lab.LabNode;
import dev.skein.chaos.lab.Tracer;
import dev.skein.cli.dev.SystemCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Disks that are full, hang, fail or forget.
final class DiskFaults {

  private static final String FILLING = "filled-by-experiment";

  /// Freezes and thaws while a file is there.
  private static final String PULSE =
      """
      pause=$(printf '0.%03d' "$2")
      while [ -e "$0" ]; do
        fsfreeze -f "$1"
        sleep "$pause"
        fsfreeze -u "$1"
        sleep "$pause"
      done
      """;

  private DiskFaults() {}

  static List<Fault> all() {
    return List.of(
        new Fault(
            "disk.full",
            "The node's disk is full",
            "All free space of the node's disk is taken, and what a manager's log has allocated"
                + " ahead. A manager that cannot store its log must stop rather than acknowledge;"
                + " the others go on. Once there is room again, it starts and catches up.",
            List.of(Need.DISK),
            true,
            List.of(),
            DiskFaults::fill),
        new Fault(
            "disk.freeze",
            "The node's disk hangs",
            "Each write waits until the fault ends (fsfreeze). A leader that cannot write must give"
                + " way; nothing that it had not stored may be acknowledged.",
            List.of(Need.DISK),
            true,
            List.of(),
            DiskFaults::freeze),
        new Fault(
            "disk.slow",
            "The node's disk hangs again and again",
            "The disk is frozen for a while, then goes on for as long, over and over.",
            List.of(Need.DISK),
            true,
            List.of(new Option("ms", "200", "[1-9][0-9]{1,2}", "milliseconds of each, to 999")),
            DiskFaults::slow),
        new Fault(
            "disk.fail",
            "The node's disk fails all reads and writes",
            "Every access gets an input/output error, fsync too (the file system is shut down). A"
                + " manager must stop within seconds and never acknowledge what it could not store."
                + " What was not fsynced is lost.",
            List.of(Need.DISK),
            true,
            List.of(),
            DiskFaults::fail),
        new Fault(
            "disk.sync-fail",
            "The node's disk fails to fsync, while reads and writes go on",
            "Each fsync of the daemon returns an input/output error (strace steps into its system"
                + " calls, which slows it down too). What the kernel took and could not store is"
                + " lost without another word, so that trying again proves nothing: a manager must"
                + " stop within seconds and acknowledge nothing that a majority has not stored.",
            List.of(Need.TRACER),
            true,
            List.of(
                new Option("which", "all", "all|first", "all of them, or each thread's first one")),
            DiskFaults::failSync),
        new Fault(
            "power.cut",
            "The node's power fails; what was not fsynced is lost",
            "All processes die and the file system loses what it was not told to keep. After the"
                + " restart each acknowledged write must still be there, and the term and vote that"
                + " the node had given.",
            List.of(Need.DISK),
            true,
            List.of(),
            DiskFaults::cutPower));
  }

  private static Injection fill(Site site) throws IOException {
    var node = site.node();
    var file = node.data().resolve(FILLING);
    var undo = new ArrayList<>(List.of(List.of("rm", "-f", file.toString())));
    if (node.isRunning()) {
      undo.add(List.of("kill", "-CONT", Long.toString(node.processes().getFirst())));
    }
    undo.add(site.startCommand());
    var deadman = site.arm(undo);
    Disk.fill(file);
    // A manager's log has allocated some megabytes ahead, which would last for a while.
    node.whileHeld(
        () -> {
          for (var log : openLogs(node)) {
            Disk.giveBack(log);
          }
        });
    Disk.fill(file);
    return () -> {
      Files.deleteIfExists(file);
      node.start();
      deadman.disarm();
    };
  }

  private static List<Path> openLogs(LabNode node) throws IOException {
    var raft = node.data().resolve("raft");
    if (!Files.exists(raft)) {
      return List.of();
    }
    try (var files = Files.walk(raft)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("log_inprogress_"))
          .toList();
    }
  }

  private static Injection freeze(Site site) throws IOException {
    var data = site.node().data().toString();
    var deadman = site.arm(List.of(List.of("fsfreeze", "-u", data), site.startCommand()));
    SystemCommand.run("fsfreeze", "-f", data);
    return () -> {
      SystemCommand.run("fsfreeze", "-u", data);
      // A manager stops when its disk hangs for too long.
      site.node().start();
      deadman.disarm();
    };
  }

  private static Injection slow(Site site) throws IOException {
    var data = site.node().data().toString();
    var going = site.node().beside("slow");
    Files.createFile(going);
    var deadman = site.arm(List.of(List.of("rm", "-f", going.toString()), site.startCommand()));
    // It ends by itself, always thawed: one that was killed could leave the disk frozen.
    var pulse =
        new ProcessBuilder("setsid", "sh", "-c", PULSE, going.toString(), data, site.text("ms"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return () -> {
      Files.deleteIfExists(going);
      pulse.onExit().join();
      site.node().start();
      deadman.disarm();
    };
  }

  private static Injection fail(Site site) throws IOException {
    var deadman = site.arm(remount(site));
    var processes = site.node().breakDisk();
    return () -> {
      site.node().powerOff(processes);
      site.node().start();
      deadman.disarm();
    };
  }

  private static Injection failSync(Site site) throws IOException {
    var error = "error=EIO" + (site.text("which").equals("first") ? ":when=1" : "");
    var tracer = site.node().beside("tracer.pid");
    // Its end lets the daemon go; the daemon itself mostly has ended by then.
    var end = List.of("sh", "-c", "kill \"$(cat \"$0\")\"; rm \"$0\"", tracer.toString());
    var deadman = site.arm(List.of(end, site.startCommand()));
    Tracer.attach(site.node(), "fsync,fdatasync", error, tracer, site.deadman());
    return () -> {
      SystemCommand.succeeds(end.toArray(String[]::new));
      site.node().start();
      deadman.disarm();
    };
  }

  private static Injection cutPower(Site site) throws IOException {
    var deadman = site.arm(remount(site));
    site.node().cutPower();
    return ProcessFaults.restart(site, deadman);
  }

  /// What is shut down writes nothing any more, so its image can be mounted beside it.
  private static List<List<String>> remount(Site site) throws IOException {
    return List.of(List.of("umount", "-l", site.node().data().toString()), site.startCommand());
  }
}
