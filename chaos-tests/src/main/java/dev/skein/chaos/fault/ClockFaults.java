package dev.skein.chaos.fault;

import dev.skein.chaos.fault.Fault.Option;
import dev.skein.chaos.lab.Clocks;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/// Clocks that are wrong.
final class ClockFaults {

  private ClockFaults() {}

  static List<Fault> all() {
    return List.of(
        new Fault(
            "clock.offset",
            "The node's clock is wrong",
            "The time of day jumps by an offset and jumps back at the end. Nothing may expire all"
                + " at once, no task may be taken for dead, and no order of events may come from"
                + " clocks of different machines.",
            List.of(Need.CLOCK),
            true,
            List.of(
                new Option(
                    "by", "+30s", "[+-][1-9][0-9]{0,3}[smhd]", "how much it is off: +30s, -1h")),
            ClockFaults::offset));
  }

  private static Injection offset(Site site) throws IOException {
    var clock = site.node().beside(Clocks.FILE);
    var deadman = site.arm(List.of(List.of("sh", "-c", "echo +0s >\"$0\"", clock.toString())));
    Files.writeString(clock, site.text("by") + "\n");
    return () -> {
      Clocks.reset(clock);
      deadman.disarm();
    };
  }
}
