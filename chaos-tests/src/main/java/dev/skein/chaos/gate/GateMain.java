package dev.skein.chaos.gate;

import dev.skein.chaos.RealTime;
import dev.skein.chaos.check.IndexOrder;
import dev.skein.chaos.check.KeptWrites;
import dev.skein.chaos.check.Linearizability;
import dev.skein.chaos.check.SlotUniqueness;
import dev.skein.chaos.sabotage.Defect;
import dev.skein.chaos.sabotage.SabotageRun;
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
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// `gate [--short] [--for 2h] [--seed S] [--upgrade-to SCRIPT]`: ends with 0 only when every
/// invariant was seen to hold and every sabotage was caught.
@RealTime
public final class GateMain {

  private static final String USAGE =
      "usage: gate [--short] [--for DURATION] [--seed S] [--upgrade-to SCRIPT]";

  private static final String OPTIONS =
      """
      Injects faults into a cluster of real daemons under load and checks that all invariants hold.

        --short              some faults only, in three minutes
        --for DURATION       one round after the other until the time is over: 90s, 30m, 2h
        --seed S             the order and the targets of the faults, to repeat a run
        --upgrade-to SCRIPT  a rolling change to the build of another checkout's skein script too

      Ends with 0 if every invariant held and every sabotage was caught, with 1 if not.
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
      var gate =
          new Gate(
              top.resolve("skein"),
              directory,
              options.seed(),
              line -> {
                out.println(line);
                timeline.println(line);
              });
      var rows = new ArrayList<>(Row.ALL);
      if (options.upgrade() != null) {
        rows.add(Row.upgrade(options.upgrade().toString()));
      }
      var result = gate.run(options.brief() ? 2 : 3, plans(rows, options));
      var sabotage = sabotage(top.resolve("skein"), options.seed(), out);
      var text = result.matrix().text(result.verdicts());
      out.println();
      out.println(text);
      timeline.println(text);
      var last =
          ("faults=%d acked=%d lost=%d nonlinearizable=%d duplicate_slots=%d"
                  + " sabotage_caught=%d/%d max_write_gap_ms=%d")
              .formatted(
                  result.matrix().faults(),
                  result.acknowledged(),
                  result.broken(KeptWrites.CHECK),
                  result.broken(Linearizability.CHECK, IndexOrder.CHECK),
                  result.broken(SlotUniqueness.CHECK),
                  sabotage.caught(),
                  sabotage.tried(),
                  result.matrix().worstGap().toMillis());
      out.println(last);
      timeline.println(last);
      return result.passed() && sabotage.caught() == sabotage.tried() ? 0 : 1;
    }
  }

  /// How many of the known defects that can be shown here were caught.
  private record Controls(int caught, int tried) {}

  /// A check that has never failed proves nothing: each known defect must be seen by its check.
  private static Controls sabotage(Path launcher, long seed, PrintStream out)
      throws IOException, InterruptedException {
    var caught = 0;
    var tried = 0;
    for (var defect : Defect.values()) {
      var unsupported = SabotageRun.unsupported(defect);
      if (unsupported.isPresent()) {
        out.println("sabotage " + defect.label() + ": skipped: " + unsupported.get());
        continue;
      }
      var lines = new ArrayList<String>();
      var found = SabotageRun.run(launcher, defect, seed, lines::add);
      tried++;
      caught += found.isCaught() ? 1 : 0;
      out.printf(
          "sabotage %s (%s): %s by %s in %.1f s%n",
          defect.label(),
          defect.breaks(),
          found.isCaught() ? "caught" : "NOT CAUGHT",
          defect.check(),
          found.taken().toMillis() / 1e3);
      if (!found.isCaught()) {
        lines.forEach(out::println);
      }
    }
    return new Controls(caught, tried);
  }

  /// One plan, or as many as fit into the time.
  private static Iterator<GatePlan> plans(List<Row> rows, Options options) {
    var longest = options.longest();
    if (longest == null) {
      return List.of(GatePlan.of(rows, options.brief(), options.seed())).iterator();
    }
    var end = System.nanoTime() + longest.toNanos();
    return LongStream.iterate(options.seed(), seed -> seed + 1)
        .takeWhile(_ -> System.nanoTime() - end < 0)
        .mapToObj(seed -> GatePlan.of(rows, options.brief(), seed))
        .iterator();
  }
}
