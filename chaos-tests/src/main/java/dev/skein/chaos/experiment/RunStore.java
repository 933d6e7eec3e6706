package dev.skein.chaos.experiment;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.daemon.DirectoryTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The records of runs: a directory for each, the oldest of which give way to new ones.
public final class RunStore {

  /// The most runs that are kept.
  public static final int RUNS_MAX = 50;

  private static final String FILE = "run.json";
  private static final int WORDS_CHARS_MAX = 40;
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss");
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private final Path runs;

  /// @param directory where a lab keeps what is about experiments
  public RunStore(Path directory) {
    this.runs = directory.resolve("runs");
  }

  /// Makes a directory for a run.
  ///
  /// @return its id
  public String create(String title, ZonedDateTime now) throws IOException {
    Files.createDirectories(runs);
    var old = all();
    for (var id : old.subList(0, Math.max(0, old.size() - RUNS_MAX + 1))) {
      DirectoryTree.delete(directory(id));
    }
    var words = title.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    var cut = words.substring(0, Math.min(words.length(), WORDS_CHARS_MAX));
    var id = TIME.format(now) + "-" + cut.replaceAll("^-|-$", "");
    Files.createDirectory(directory(id));
    return id;
  }

  /// Where a run's files are.
  public Path directory(String id) {
    return runs.resolve(id);
  }

  /// Keeps a run's record.
  public void write(RunRecord run) throws IOException {
    Files.writeString(directory(run.id()).resolve(FILE), GSON.toJson(run));
  }

  private List<String> all() throws IOException {
    var ids = new ArrayList<String>();
    if (Files.isDirectory(runs)) {
      try (var directories = Files.newDirectoryStream(runs)) {
        directories.forEach(directory -> ids.add(String.valueOf(directory.getFileName())));
      }
    }
    ids.sort(String::compareTo);
    return ids;
  }

  /// The runs that have come to an end, the oldest first.
  public List<String> ids() throws IOException {
    return all().stream().filter(id -> Files.exists(directory(id).resolve(FILE))).toList();
  }

  /// The record of a run.
  ///
  /// @throws FailureException if there is none
  public RunRecord read(String id) throws IOException {
    if (!ids().contains(id)) {
      throw new FailureException("no run \"%s\"; see: skein chaos report".formatted(id));
    }
    try {
      return GSON.fromJson(Files.readString(directory(id).resolve(FILE)), RunRecord.class);
    } catch (JsonParseException e) {
      throw new FailureException("the record of %s can't be read: %s".formatted(id, e));
    }
  }
}
