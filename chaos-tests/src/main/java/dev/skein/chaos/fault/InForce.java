package dev.skein.chaos.fault;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.skein.chaos.lab.Cluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Faults that are in force in a cluster, whichever process injected them: each has a file in
/// its directory as long as its dead-man process lives, which removes it when it has undone
/// the fault.
///
/// @param fault its name
/// @param node that it befalls
/// @param options as they were given
/// @param sinceMillis when it began, in Unix time
/// @param untilMillis when it undoes itself at the latest
public record InForce(
    String fault, String node, String options, long sinceMillis, long untilMillis) {

  private static final String DIRECTORY = "in-force";
  private static final String ENDING = ".json";
  private static final Gson GSON = new Gson();

  /// A fault in force and the process that will undo it.
  public record Found(InForce what, ProcessHandle deadman) {

    /// Undoes it, and returns when that is done.
    ///
    /// @return whether it was in time
    public boolean end(Duration within) {
      // What it waits for; the shell then goes on to the undoing, which must not be disturbed.
      deadman
          .children()
          .filter(child -> child.info().command().filter(it -> it.endsWith("/timeout")).isPresent())
          .forEach(ProcessHandle::destroy);
      try {
        deadman.onExit().get(within.toMillis(), TimeUnit.MILLISECONDS);
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      } catch (ExecutionException | TimeoutException e) {
        return false;
      }
    }
  }

  /// Makes the file that says so; its name has the process's id.
  static Path file(Cluster cluster, String name) throws IOException {
    return Files.createDirectories(cluster.directory().resolve(DIRECTORY)).resolve(name + ENDING);
  }

  /// Writes the file.
  void write(Path file, ProcessHandle deadman) throws IOException {
    var line = GSON.toJsonTree(this).getAsJsonObject();
    line.addProperty("pid", deadman.pid());
    line.addProperty("started", started(deadman));
    Files.writeString(file, GSON.toJson(line));
  }

  private static long started(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  /// All of them, the oldest first. What is left of dead processes is removed.
  public static List<Found> all(Cluster cluster) throws IOException {
    var directory = cluster.directory().resolve(DIRECTORY);
    var found = new ArrayList<Found>();
    if (Files.isDirectory(directory)) {
      try (var files = Files.newDirectoryStream(directory, "*" + ENDING)) {
        for (var file : files) {
          read(file, found);
        }
      }
    }
    found.sort(Comparator.comparingLong(each -> each.what().sinceMillis()));
    return found;
  }

  private static void read(Path file, List<Found> into) throws IOException {
    try {
      var json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      var deadman =
          ProcessHandle.of(json.get("pid").getAsLong())
              .filter(process -> started(process) == json.get("started").getAsLong());
      if (deadman.isPresent()) {
        into.add(new Found(GSON.fromJson(json, InForce.class), deadman.get()));
      } else {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // It has just ended.
    } catch (JsonParseException | IllegalStateException | NullPointerException e) {
      // Being written, or cut off by a crash: it says nothing that could be acted on.
    }
  }
}
