package dev.skein.chaos.fault;

import dev.skein.chaos.fault.Fault.Option;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Another build of the daemon.
final class UpgradeFault {

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
    var deadman = site.arm(List.of(site.startCommand()));
    var former = Path.of(site.lab().launcher());
    site.node().kill();
    site.lab().useLauncher(site.node(), Path.of(site.text("to")));
    site.node().start();
    return () -> {
      site.node().kill();
      site.lab().useLauncher(site.node(), former);
      site.node().start();
      deadman.disarm();
    };
  }
}
