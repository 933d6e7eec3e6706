package dev.skein.chaos.sabotage;

import dev.skein.chaos.RealTime;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Sabotage from the command line: `sabotage LAUNCHER [--without] [--seed N] [DEFECT…]` shows each
/// defect, or all, one after the other; with `--without` the same labs without them.
@RealTime
public final class Sabotage {
  private static final String USAGE = "usage: sabotage LAUNCHER [--without] [--seed N] [DEFECT...]";

  private Sabotage() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    try (var out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)) {
      System.exit(run(args, out));
    }
  }

  /// Does what the words say.
  ///
  /// @return 0 when all went as it must, 1 when a defect was not caught or a check failed without
  ///     one, 2 when the arguments are wrong
  static int run(String[] args, PrintStream out) throws IOException, InterruptedException {
    if (args.length == 0) {
      out.println(USAGE);
      return 2;
    }
    var without = false;
    var seed = 1L;
    List<Defect> defects = new ArrayList<>();
    try {
      for (var i = 1; i < args.length; i++) {
        switch (args[i]) {
          case "--without" -> without = true;
          case "--seed" -> seed = Long.parseLong(i + 1 < args.length ? args[++i] : "");
          default -> defects.add(Defect.named(args[i]));
        }
      }
    } catch (IllegalArgumentException e) {
      out.println(e.getMessage());
      out.println(USAGE);
      return 2;
    }
    var good = 0;
    var chosen = defects.isEmpty() ? Arrays.asList(Defect.values()) : defects;
    for (var defect : chosen) {
      good += shows(Path.of(args[0]), defect, seed, without, out) ? 1 : 0;
    }
    out.printf("%s=%d/%d%n", without ? "held" : "sabotage_caught", good, chosen.size());
    return good == chosen.size() ? 0 : 1;
  }

  private static boolean shows(
      Path launcher, Defect defect, long seed, boolean without, PrintStream out)
      throws IOException, InterruptedException {
    out.printf("== %s%s: %s%n", without ? "without " : "", defect.label(), defect.breaks());
    var missing = SabotageRun.unsupported(defect);
    if (missing.isPresent()) {
      out.println("skipped: " + missing.get());
      return false;
    }
    var caught =
        without
            ? SabotageRun.runWithout(launcher, defect, seed, out::println)
            : SabotageRun.run(launcher, defect, seed, out::println);
    var good = without ? caught.isHeld() : caught.isCaught();
    out.printf(
        "%s %s in %.1f s%n",
        defect.label(),
        without ? good ? "held" : "NOT HELD" : good ? "caught" : "NOT CAUGHT",
        caught.taken().toMillis() / 1e3);
    return good;
  }
}
