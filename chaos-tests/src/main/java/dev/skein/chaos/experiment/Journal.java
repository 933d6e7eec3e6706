package dev.skein.chaos.experiment;

import com.google.gson.Gson;
import dev.skein.chaos.experiment.RunRecord.Said;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/// The timeline of a run: each line is kept and written to a file of JSON lines at once, so
/// that it is there whatever happens to the run. Any thread.
final class Journal implements AutoCloseable {

  private static final int LINES_MAX = 20_000;
  private static final Gson GSON = new Gson();

  private final BufferedWriter file;
  private final LongSupplier nanoTime;
  private final long begin;
  private final List<Said> lines = new ArrayList<>();
  private final Screen screen;

  Journal(Path file, Screen screen, LongSupplier nanoTime) throws IOException {
    this.file = Files.newBufferedWriter(file);
    this.screen = screen;
    this.nanoTime = nanoTime;
    this.begin = nanoTime.getAsLong();
  }

  /// Milliseconds since the beginning.
  long nowMillis() {
    return millisOf(nanoTime.getAsLong());
  }

  /// Milliseconds between the beginning and a time.
  long millisOf(long nanos) {
    return Math.floorDiv(nanos - begin, 1_000_000L);
  }

  long beginNanos() {
    return begin;
  }

  /// Adds a line.
  synchronized void say(String text) {
    if (lines.size() >= LINES_MAX) {
      return;
    }
    var said = new Said(nowMillis(), text);
    lines.add(said);
    screen.line("%8s  %s".formatted(Words.since(said.atMillis()), text));
    try {
      file.write(GSON.toJson(Map.of("atMillis", said.atMillis(), "text", text)));
      file.newLine();
      file.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("the run's timeline can't be written", e);
    }
  }

  synchronized List<Said> lines() {
    return List.copyOf(lines);
  }

  @Override
  public synchronized void close() throws IOException {
    file.close();
  }
}
