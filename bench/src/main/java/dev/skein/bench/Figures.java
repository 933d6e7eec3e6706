package dev.skein.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// What drivers print: one line a figure, with how busy the machine was.
public final class Figures {
  private Figures() {}

  /// The middle value; of an even number of them the lower middle one.
  public static double median(List<Double> values) {
    return percentile(values, 50);
  }

  /// The smallest value that `percent` of the values do not exceed.
  public static double percentile(List<Double> values, double percent) {
    var sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return percentile(sorted, percent);
  }

  /// As the other method, of values that are sorted already.
  public static double percentile(double[] sorted, double percent) {
    var rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
  }

  /// The greatest value.
  public static double max(List<Double> values) {
    return percentile(values, 100);
  }

  /// Prints the machine and its load: figures of a busy machine are worth less.
  public static void machine() throws IOException {
    var model =
        Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst()
            .orElse("unknown processor");
    print(
        "machine",
        "%d x %s, Java %s, load %s"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                model,
                System.getProperty("java.version"),
                load()));
  }

  /// The machine's load averages.
  public static String load() throws IOException {
    var words = Files.readString(Path.of("/proc/loadavg")).split(" ");
    return String.join(" ", Arrays.copyOf(words, 3));
  }

  /// Prints a figure.
  public static void print(String what, String figure) {
    IO.println("%-48s %s".formatted(what, figure));
  }

  /// Prints median, 90th percentile and maximum of times in milliseconds; nothing if there are
  /// none.
  public static void printTimes(String what, List<Double> millis) {
    if (millis.isEmpty()) {
      return;
    }
    print(
        what,
        "median %.0f ms, p90 %.0f ms, max %.0f ms of %d"
            .formatted(median(millis), percentile(millis, 90), max(millis), millis.size()));
  }
}
