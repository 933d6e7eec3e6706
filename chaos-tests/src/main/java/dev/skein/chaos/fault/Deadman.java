package dev.skein.chaos.fault;

import dev.skein.chaos.RealTime;
import dev.skein.chaos.lab.Detached;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Undoes a fault whatever happens to the process that injected it: a shell of its own session that
/// runs the undoing commands when its input ends (the process died, or says so) or its time is
/// over. It is started before the fault is injected.
@RealTime
final class Deadman {

  private static final int UNDO_SECONDS_MAX = 60;

  private final Process shell;

  private Deadman(Process shell) {
    this.shell = shell;
  }

  /// Starts one.
  ///
  /// @param after when it undoes the fault by itself
  /// @param undo the commands, each tried whatever became of the one before
  /// @param log where they write
  /// @param environment what they find in their environment beside this process's own
  /// @param inForce what is said of the fault in `file` until it is undone
  static Deadman arm(
      Duration after,
      List<List<String>> undo,
      Map<String, String> environment,
      Path log,
      InForce inForce,
      Path file)
      throws IOException {
    var commands =
        undo.stream()
            .map(words -> words.stream().map(Deadman::quoted).collect(Collectors.joining(" ")))
            .collect(Collectors.joining("\n"));
    // `head` waits for a line or the end of the input, `timeout` for the time.
    var script =
        """
        said=$(timeout %d head -n 1)
        if [ "$said" != disarmed ]; then
        :
        %s
        fi
        rm -f %s
        """
            .formatted(Math.max(1, after.toSeconds()), commands, quoted(file.toString()));
    var builder =
        new ProcessBuilder(Detached.shell(script))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .redirectErrorStream(true);
    builder.environment().putAll(environment);
    // Among the commands may be the launcher, which must not build now.
    builder.environment().put("SKEIN_NO_BUILD", "1");
    var process = builder.start();
    inForce.write(file, process.toHandle());
    return new Deadman(process);
  }

  private static String quoted(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }

  /// Undoes the fault now, and returns when that is done.
  void fire() throws IOException {
    shell.getOutputStream().close();
    awaitEnd();
  }

  /// Ends it without undoing anything: that was done otherwise.
  void disarm() throws IOException {
    try (var in = shell.getOutputStream()) {
      in.write("disarmed\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // Its time was over before.
    }
    awaitEnd();
  }

  private void awaitEnd() throws IOException {
    try {
      if (!shell.waitFor(UNDO_SECONDS_MAX, TimeUnit.SECONDS)) {
        throw new IOException("a fault's end takes longer than %d s".formatted(UNDO_SECONDS_MAX));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
