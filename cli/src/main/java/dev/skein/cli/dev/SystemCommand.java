package dev.skein.cli.dev;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Runs one of the system's own programs (`ip`, `nft`, `mount`, …) and waits for its end. The words
/// reach it as they are: no shell reads them.
public final class SystemCommand {

  private static final int SECONDS_MAX = 30;
  private static final int OUTPUT_BYTES_MAX = 1 << 16;

  private SystemCommand() {}

  /// What a program printed, without the last line's end.
  ///
  /// @throws IOException with what it said, if it failed or took longer than half a minute
  public static String run(String... words) throws IOException {
    return run(List.of(words));
  }

  /// As [#run(String...)].
  public static String run(List<String> words) throws IOException {
    var process = start(words);
    try (var out = process.getInputStream()) {
      if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
        throw new IOException(String.join(" ", words) + ": it does not end");
      }
      // What these programs print is short, and stays in the pipe until they have ended.
      var text = new String(out.readNBytes(OUTPUT_BYTES_MAX), StandardCharsets.UTF_8).strip();
      if (process.exitValue() != 0) {
        throw new IOException(
            "%s: exit code %d: %s".formatted(String.join(" ", words), process.exitValue(), text));
      }
      return text;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /// Whether a program ended well.
  public static boolean succeeds(String... words) {
    try {
      run(words);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static Process start(List<String> words) throws IOException {
    var process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    return process;
  }
}
