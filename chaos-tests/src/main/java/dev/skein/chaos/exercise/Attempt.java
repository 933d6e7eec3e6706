package dev.skein.chaos.exercise;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import dev.skein.cli.command.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The exercise that is under way, as files in a lab's directory, so that each command is a
/// process of its own. Each file has one writer: a command, or the [Proctor].
public final class Attempt {

  private static final String BEGUN = "begun.json";
  private static final String PREDICTION = "prediction";
  private static final String HINTS = "hints";
  private static final String SEEN = "seen.json";
  private static final String OVER = "over";
  private static final String SCORES = "scores.jsonl";
  private static final int SCORES_MAX = 1_000;
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private final Path directory;

  /// @param directory where a lab keeps what is about experiments
  public Attempt(Path directory) {
    this.directory = directory.resolve("exercise");
  }

  /// What was begun.
  ///
  /// @param victim the node that the trouble will befall; empty if that is not known yet
  public record Begun(String exercise, long seed, long startedMillis, String victim) {}

  /// What the proctor has seen so far.
  ///
  /// @param struckMillis Unix time at which the trouble began; 0 before
  /// @param victim the node that it befell; empty if there is none
  /// @param troubled whether the goal was once not reached since then
  /// @param solvedMillis Unix time since which the goal is reached; 0 while it is not
  /// @param acknowledged the highest number that was acknowledged and is not known to be lost
  /// @param lost acknowledged writes that were found to be gone so far
  /// @param calls of customers since the trouble began: writes and requests
  /// @param failed of these
  /// @param failedRequests those that were no writes
  /// @param gapMillis the longest time without an acknowledged write
  /// @param replicas what a prediction about replicas is compared with; -1 if nothing is
  /// @param failure why the exercise could not be done; empty if it could
  public record Seen(
      long struckMillis,
      String victim,
      boolean troubled,
      long solvedMillis,
      long acknowledged,
      long lost,
      long calls,
      long failed,
      long failedRequests,
      long gapMillis,
      int replicas,
      String failure) {

    /// The same with what is known of the orders now.
    Seen of(OrderBook book) {
      return new Seen(
          struckMillis,
          victim,
          troubled,
          solvedMillis,
          book.highest(),
          book.lost(),
          calls,
          failed,
          failedRequests,
          gapMillis,
          replicas,
          failure);
    }

    static final Seen NOTHING = new Seen(0, "", false, 0, 0, 0, 0, 0, 0, 0, -1, "");
  }

  /// A line in the list of scores.
  public record Scored(String exercise, long seed, long atMillis, int total, Score score) {}

  /// Where its files are.
  public Path directory() {
    return directory;
  }

  /// Makes a new one, in place of any other.
  public void begin(Begun begun) throws IOException {
    Files.createDirectories(directory);
    for (var file : List.of(PREDICTION, HINTS, SEEN, OVER)) {
      Files.deleteIfExists(directory.resolve(file));
    }
    write(BEGUN, GSON.toJson(begun));
  }

  /// What was begun and has not been submitted.
  public Optional<Begun> begun() throws IOException {
    return read(BEGUN, Begun.class);
  }

  /// What was begun.
  ///
  /// @throws FailureException if nothing was
  public Begun require() throws IOException {
    return begun()
        .orElseThrow(
            () ->
                new FailureException(
                    "no exercise is under way; see: skein chaos exercise list, then: skein chaos"
                        + " exercise start NAME"));
  }

  /// It has been submitted.
  public void end() throws IOException {
    Files.deleteIfExists(directory.resolve(BEGUN));
  }

  void seen(Seen seen) throws IOException {
    write(SEEN, GSON.toJson(seen));
  }

  /// What the proctor has seen so far.
  public Seen seen() throws IOException {
    return read(SEEN, Seen.class).orElse(Seen.NOTHING);
  }

  /// Writes a prediction down.
  public void predict(double value) throws IOException {
    write(PREDICTION, Double.toString(value));
  }

  /// The prediction that was written down; NaN if none was.
  public double prediction() throws IOException {
    var file = directory.resolve(PREDICTION);
    return Files.exists(file) ? Double.parseDouble(Files.readString(file).strip()) : Double.NaN;
  }

  /// Counts a hint.
  ///
  /// @return how many were given before
  public int nextHint() throws IOException {
    var file = directory.resolve(HINTS);
    var before = Files.exists(file) ? Integer.parseInt(Files.readString(file).strip()) : 0;
    write(HINTS, Integer.toString(before + 1));
    return before;
  }

  /// Tells the proctor that it is over.
  public void tellOver() throws IOException {
    write(OVER, "");
  }

  boolean isOver() {
    return Files.exists(directory.resolve(OVER));
  }

  /// Adds a score.
  public void score(Scored scored) throws IOException {
    var lines = new ArrayList<>(scores());
    if (lines.size() < SCORES_MAX) {
      Files.writeString(
          directory.resolve(SCORES),
          GSON.toJson(scored) + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    }
  }

  /// All scores, the oldest first.
  public List<Scored> scores() throws IOException {
    var file = directory.resolve(SCORES);
    if (!Files.exists(file)) {
      return List.of();
    }
    var scores = new ArrayList<Scored>();
    for (var line : Files.readAllLines(file)) {
      scores.add(GSON.fromJson(line, Scored.class));
    }
    return scores;
  }

  private <T> Optional<T> read(String name, Class<T> type) throws IOException {
    var file = directory.resolve(name);
    try {
      return Files.exists(file)
          ? Optional.of(GSON.fromJson(Files.readString(file), type))
          : Optional.empty();
    } catch (JsonParseException e) {
      throw new IOException(file + " can't be read: " + e.getMessage(), e);
    }
  }

  /// Replaces a file as a whole: whoever reads it sees the old one or the new one.
  private void write(String name, String text) throws IOException {
    var temporary = directory.resolve(name + ".new");
    Files.writeString(temporary, text);
    Files.move(temporary, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }
}
