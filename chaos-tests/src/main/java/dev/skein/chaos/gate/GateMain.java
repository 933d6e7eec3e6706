package dev.skein.chaos.gate;

import dev.skein.chaos.RealTime;
import dev.skein.chaos.gate.GatePlan.Step;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// `gate [--short] [--for 2h] [--seed S] [--upgrade-to SCRIPT]`: ends with 0 only when every
/// invariant was seen to hold under every fault and every sabotage was caught.
@RealTime
public final class GateMain {

  private static final String USAGE =
      "usage: gate [--short] [--for DURATION] [--seed S] [--upgrade-to SCRIPT]";

  private static final String OPTIONS =
      """
      Injects faults into a cluster of real daemons under load and checks that all invariants hold.

        --short              some faults only, in four minutes
        --for DURATION       one fault after the other until the time is over: 90s, 30m, 2h
        --seed S             the order and the targets of the faults, to repeat a run
        --upgrade-to SCRIPT  a rolling change to the build of another checkout's skein script too

      Ends with 0 if every invariant held and every sabotage was caught, with 1 if something was
      violated, could not be found out or was not caught. With 3 if nothing of that is so, but faults
      or sabotages had to be left out here: the line before the last says which. With 2 if the
      arguments are wrong.
      """;

  private static final Pattern DURATION = Pattern.compile("([1-9][0-9]{0,4})(s|m|h)");

  /// What the command line says.
  private record Options(
      boolean brief, @Nullable Duration longest, long seed, @Nullable Path upgrade) {}

  private GateMain() {}

  public static void main(String[] words) throws Exception {
    try (var out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)) {
      int code;
      try {
        if (List.of(words).contains("--help")) {
          out.println(USAGE);
          out.print(OPTIONS);
          return;
        }
        code = run(parse(words), out);
      } catch (IllegalArgumentException e) {
        out.println("gate: " + e.getMessage());
        out.println(USAGE);
        code = 2;
      }
      System.exit(code);
    }
  }

  private static Options parse(String[] words) {
    var brief = false;
    Duration longest = null;
    var seed = ThreadLocalRandom.current().nextLong(1, 1_000_000);
    Path upgrade = null;
    var rest = new ArrayDeque<>(List.of(words));
    while (!rest.isEmpty()) {
      var word = rest.remove();
      if (word.equals("--short")) {
        brief = true;
        continue;
      }
      var value = rest.isEmpty() ? "" : rest.remove();
      switch (word) {
        case "--for" -> longest = duration(value);
        case "--seed" -> {
          if (!value.matches("[0-9]{1,18}")) {
            throw new IllegalArgumentException("--seed \"" + value + "\" is not a whole number");
          }
          seed = Long.parseLong(value);
        }
        case "--upgrade-to" -> {
          upgrade = Path.of(value).toAbsolutePath();
          if (!Files.isExecutable(upgrade)) {
            throw new IllegalArgumentException(
                "--upgrade-to \"" + value + "\" is not another checkout's skein script");
          }
        }
        default -> throw new IllegalArgumentException("unknown word \"" + word + "\"");
      }
    }
    return new Options(brief, longest, seed, upgrade);
  }

  private static Duration duration(String text) {
    var matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "--for \"" + text + "\" is not a duration such as 90s, 30m or 2h");
    }
    var count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      default -> Duration.ofHours(count);
    };
  }

  private static int run(Options options, PrintStream out)
      throws IOException, InterruptedException {
    var top = Path.of(System.getProperty("skein.top", "")).toAbsolutePath();
    var directory =
        top.resolve("chaos-tests").resolve("target").resolve("gate").resolve("" + options.seed());
    out.println("seed " + options.seed() + "; what a failing run leaves: " + directory);
    Files.createDirectories(directory);
    try (var timeline =
        new PrintStream(
            Files.newOutputStream(directory.resolve("timeline.txt")),
            true,
            StandardCharsets.UTF_8)) {
      Consumer<String> says =
          line -> {
            out.println(line);
            timeline.println(line);
          };
      var rows = new ArrayList<>(Row.ALL);
      if (options.upgrade() != null) {
        rows.add(Row.upgrade(options.upgrade().toString()));
      }
      var result =
          new Gate(top.resolve("skein"), directory, options.seed(), says)
              .run(options.brief() ? 2 : 3, steps(rows, options));
      says.accept("");
      says.accept(result.matrix().text(result.verdicts()));
      var controls = Controls.run(top.resolve("skein"), directory, options.seed(), says);
      var ending = Ending.of(result, controls);
      ending.leftOut().ifPresent(says);
      says.accept(ending.last());
      return ending.code();
    }
  }

  /// One plan, or as much of this and the next as fits into the time.
  private static Iterator<Step> steps(List<Row> rows, Options options) {
    var longest = options.longest();
    if (longest == null) {
      return GatePlan.of(rows, options.brief(), options.seed()).steps().iterator();
    }
    var end = System.nanoTime() + longest.toNanos();
    return GatePlan.stepsWhile(
        rows, options.brief(), options.seed(), () -> System.nanoTime() - end < 0);
  }
}
