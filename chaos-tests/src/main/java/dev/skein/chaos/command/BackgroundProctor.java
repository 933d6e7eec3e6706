package dev.skein.chaos.command;

import dev.skein.chaos.lab.Condition;
import dev.skein.chaos.lab.Lab;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// Starts the process that watches an exercise, and awaits its end.
final class BackgroundProctor {

  private static final Duration START_WITHIN = Duration.ofSeconds(30);
  private static final Duration END_WITHIN = Duration.ofMinutes(2);

  private BackgroundProctor() {}

  /// Starts it, and returns when it watches.
  ///
  /// @param directory for its log
  static void start(Lab lab, Path directory) throws IOException {
    var log = directory.resolve("proctor.log").toFile();
    var builder =
        new ProcessBuilder("setsid", lab.launcher(), "chaos", "exercise", "proctor")
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
            .redirectErrorStream(true);
    builder.environment().put("SKEIN_DEV_ROOT", lab.root().toString());
    builder.environment().put("SKEIN_NO_BUILD", "1");
    var process = builder.start();
    lab.await(
        new Condition(
            "the exercise is watched",
            at ->
                RunLock.holder(lab.directory()).isPresent()
                    ? Optional.empty()
                    : Optional.of(
                        process.isAlive() ? "not yet" : "its process has ended; see " + log)),
        START_WITHIN);
  }

  /// Waits until it has undone what it did and ended.
  ///
  /// @return whether it has
  static boolean awaitEnd(Lab lab) throws IOException {
    try {
      lab.await(
          new Condition(
              "the exercise's process has ended",
              at ->
                  RunLock.holder(lab.directory()).isEmpty()
                      ? Optional.empty()
                      : Optional.of("it has not")),
          END_WITHIN);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
