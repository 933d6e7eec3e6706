package dev.skein.chaos.fault;

import dev.skein.chaos.fault.Fault.Option;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Another build of the daemon.
final class UpgradeFault {

  /// Kills the daemon alone; its tasks go on.
  private static final String KILL =
      "read -r pid _ <\"$0\"; grep -qsF -e \"$1\" \"/proc/$pid/cmdline\" && kill -9 \"$pid\"";

  private UpgradeFault() {}

  static Fault fault() {
    return new Fault(
        "upgrade",
        "The daemon is replaced by one of another build, and back",
        "The daemon is killed and one of another checkout is started on the same state; at the end"
            + " the first one again. Tasks go on all the time, and the state is kept.",
        List.of(Need.LAB),
        true,
        List.of(new Option("to", "", "/.+", "the other build's skein script")),
        UpgradeFault::replace);
  }

  private static Injection replace(Site site) throws IOException {
    var process = site.node().beside("daemon.pid").toString();
    var kill = List.of("sh", "-c", KILL, process, site.node().data().toString());
    var deadman = site.arm(List.of(kill, site.startCommand()));
    var former = Path.of(site.lab().launcher());
    site.node().kill();
    site.lab().useLauncher(site.node(), Path.of(site.text("to")));
    try {
      site.node().start();
    } catch (IOException e) {
      site.lab().useLauncher(site.node(), former);
      throw e;
    }
    return () -> {
      site.node().kill();
      site.lab().useLauncher(site.node(), former);
      site.node().start();
      deadman.disarm();
    };
  }
}
