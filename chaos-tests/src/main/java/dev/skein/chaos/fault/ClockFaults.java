package dev.skein.chaos.fault;

import dev.skein.chaos.fault.Fault.Option;
import dev.skein.chaos.lab.Clocks;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/// Clocks that are wrong.
final class ClockFaults {

  private static final Option BY =
      new Option("by", "+30s", "[+-][1-9][0-9]{0,3}[smhd]", "how much it is off: +30s, -1h");

  /// Jumps while a file is there. What reads the clock's file looks once a second.
  private static final String JUMPS =
      """
      while [ -e "$0" ]; do
        for by in "$2" "$3" +0s; do
          [ -e "$0" ] && echo "$by" >"$1"
          left=$4
          while [ -e "$0" ] && [ "$left" -gt 0 ]; do
            sleep 1
            left=$((left - 1))
          done
        done
      done
      echo +0s >"$1"
      """;

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
            List.of(BY),
            ClockFaults::offset),
        new Fault(
            "clock.jump",
            "The node's clock jumps again and again",
            "The time of day jumps ahead, back past the true one, and to the true one, over and"
                + " over. Durations must not be taken from it: nothing that waits may wait for an"
                + " hour or end at once, and no node may be given up.",
            List.of(Need.CLOCK),
            true,
            List.of(
                new Option("by", "1h", "[1-9][0-9]{0,3}[smhd]", "how far, both ways: 30s, 1h"),
                new Option("every", "2", "[2-9]|[1-9][0-9]", "seconds between two jumps")),
            ClockFaults::jump));
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

  private static Injection jump(Site site) throws IOException {
    var clock = site.node().beside(Clocks.FILE);
    var going = site.node().beside("jumping");
    if (Files.exists(going)) {
      throw new NotNowException("the clock of " + site.node().name() + " jumps already");
    }
    var by = site.text("by");
    Files.createFile(going);
    var deadman = site.arm(List.of(List.of("rm", "-f", going.toString())));
    // It ends by itself, with the clock set right, once the file is gone.
    var jumps =
        new ProcessBuilder(
                "setsid",
                "sh",
                "-c",
                JUMPS,
                going.toString(),
                clock.toString(),
                "+" + by,
                "-" + by,
                site.text("every"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return () -> {
      Files.deleteIfExists(going);
      jumps.onExit().join();
      deadman.disarm();
    };
  }
}
