package dev.skein.chaos.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Runs a program as a child process and waits for its end, with a bound.
final class Command {

  private static final int PATIENCE_SECONDS = 90;

  private Command() {}

  static Outcome run(List<String> line, Map<String, String> environment)
      throws IOException, InterruptedException {
    var out = Files.createTempFile("skein-out", ".txt");
    var err = Files.createTempFile("skein-err", ".txt");
    try {
      var builder =
          new ProcessBuilder(line)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().putAll(environment);
      var begin = System.nanoTime();
      var process = builder.start();
      try {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          throw new AssertionError(String.join(" ", line) + " does not end");
        }
      } finally {
        process.destroyForcibly();
      }
      var millis = Duration.ofNanos(System.nanoTime() - begin).toMillis();
      return new Outcome(
          String.join(" ", line),
          process.exitValue(),
          Files.readString(out, UTF_8),
          Files.readString(err, UTF_8),
          millis);
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }
}
