package dev.skein.chaos.sim;

import dev.skein.chaos.RealTime;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;

/// Runs simulated clusters from the command line on all processors: `simulate --seeds N [--from
/// S]`. Ends with 1 when some seed broke an invariant, and says how to replay it; says from time to
/// time how far it is and how fast. `simulate --trace S` runs one seed and tells each change.
@RealTime
public final class Simulate {
  /// Failures after which it does not go on.
  private static final int FAILURES_MAX = 10;

  private static final int SEEDS_PER_BATCH = 1_000;

  private Simulate() {}

  /// A seed that broke something.
  public record Failure(long seed, String problem) {
    /// For whoever wants to see it again.
    public String text() {
      return "seed %d: %s%n  replay: ./chaos-tests/simulate --trace %d"
          .formatted(seed, problem, seed);
    }
  }

  public static void main(String[] args) throws InterruptedException {
    try (var out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)) {
      System.exit(run(args, out));
    }
  }

  private static int run(String[] args, PrintStream out) throws InterruptedException {
    long seeds = 100;
    long from = 0;
    for (var i = 0; i < args.length; i += 2) {
      var value = i + 1 < args.length ? number(args[i + 1]) : -1;
      switch (args[i]) {
        case "--seeds" -> seeds = value;
        case "--from" -> from = value;
        case "--trace" -> {
          return trace(value, out);
        }
        default -> value = -1;
      }
      if (value < 0) {
        out.println("usage: simulate [--seeds N] [--from S] | --trace S");
        return 2;
      }
    }
    var failures = new ArrayList<Failure>();
    var begun = System.nanoTime();
    var done = 0L;
    while (done < seeds && failures.size() < FAILURES_MAX) {
      var batch = Math.min(SEEDS_PER_BATCH, seeds - done);
      var found = failures(from + done, batch);
      found.forEach(failure -> out.println(failure.text()));
      failures.addAll(found);
      done += batch;
      out.println(progress(done, seeds, System.nanoTime() - begun));
    }
    out.println(
        failures.isEmpty()
            ? "%d seeds from %d: all invariants held".formatted(seeds, from)
            : "%d of %d seeds from %d failed".formatted(failures.size(), done, from));
    return failures.isEmpty() ? 0 : 1;
  }

  private static String progress(long done, long seeds, long nanos) {
    var seconds = Math.max(nanos, 1) / 1e9;
    return "%d of %d seeds in %.0f s: %.1f/s".formatted(done, seeds, seconds, done / seconds);
  }

  private static int trace(long seed, PrintStream out) {
    var cluster = new SimulatedCluster(seed);
    cluster.trace(out::println);
    try {
      cluster.run();
      return 0;
    } catch (Violation violation) {
      out.println(violation.getMessage());
      return 1;
    }
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException notANumber) {
      return -1;
    }
  }

  /// Runs seeds in parallel.
  public static List<Failure> failures(long from, long count) throws InterruptedException {
    var runs = new ArrayList<Callable<List<Failure>>>();
    for (var seed = from; seed < from + count; seed++) {
      var each = seed;
      runs.add(() -> failure(each));
    }
    try (var workers = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
      var failures = new ArrayList<Failure>();
      for (var run : workers.invokeAll(runs)) {
        failures.addAll(run.get());
      }
      return failures;
    } catch (ExecutionException bug) {
      throw new IllegalStateException(bug);
    }
  }

  private static List<Failure> failure(long seed) {
    try {
      new SimulatedCluster(seed).run();
      return List.of();
    } catch (RuntimeException problem) {
      return List.of(
          new Failure(
              seed,
              problem instanceof Violation
                  ? String.valueOf(problem.getMessage())
                  : problem + at(problem)));
    }
  }

  private static String at(RuntimeException problem) {
    var text = new StringBuilder();
    for (var frame : problem.getStackTrace()) {
      text.append("\n    at ").append(frame);
    }
    return text.toString();
  }
}
