package dev.skein.cli.dev;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The processes of a node's tasks, found without its daemon: each task is a session of its own,
/// begun by a supervisor whose id and start time stand in the task's `status` file.
public final class TaskProcesses {

  private static final String STATUS = "status";

  // Fields of /proc/PID/stat behind the command's name, counted from 0.
  private static final int SESSION = 3;
  private static final int START = 19;

  private TaskProcesses() {}

  /// The ids of all processes of the tasks below a daemon's data directory.
  public static List<Long> of(Path data) throws IOException {
    return of(data, "");
  }

  /// The same without those of one task.
  ///
  /// @param except the task's id
  public static List<Long> of(Path data, String except) throws IOException {
    var sessions = new HashSet<Long>();
    if (!Files.isDirectory(data)) {
      return List.of();
    }
    Files.walkFileTree(data, new StatusFiles(sessions, except));
    return sessions.isEmpty() ? List.of() : inSessions(sessions);
  }

  /// Reads each task's file, while tasks come and go.
  private static final class StatusFiles extends SimpleFileVisitor<Path> {

    private final Set<Long> sessions;
    private final String except;

    StatusFiles(Set<Long> sessions, String except) {
      this.sessions = sessions;
      this.except = except;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
      return !except.isEmpty() && directory.endsWith(except)
          ? FileVisitResult.SKIP_SUBTREE
          : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      if (file.endsWith(STATUS)) {
        try {
          addSession(file, sessions);
        } catch (NoSuchFileException e) {
          return FileVisitResult.CONTINUE;
        }
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
      if (failure instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw failure;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
        throws IOException {
      return failure == null || failure instanceof NoSuchFileException
          ? FileVisitResult.CONTINUE
          : super.postVisitDirectory(directory, failure);
    }
  }

  private static void addSession(Path status, Set<Long> sessions) throws IOException {
    var words = Files.readString(status).strip().split(" ", -1);
    if (words.length != 5 || !words[0].equals("started")) {
      return;
    }
    addIfSame(words[1], words[2], sessions);
    addIfSame(words[3], words[4], sessions);
  }

  private static void addIfSame(String pid, String start, Set<Long> sessions) throws IOException {
    var stat = stat(Path.of("/proc", pid));
    if (stat.length > START && stat[START].equals(start)) {
      sessions.add(Long.parseLong(stat[SESSION]));
    }
  }

  private static List<Long> inSessions(Set<Long> sessions) throws IOException {
    var found = new ArrayList<Long>();
    try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (var process : processes) {
        var stat = stat(process);
        if (stat.length > SESSION && sessions.contains(Long.parseLong(stat[SESSION]))) {
          found.add(Long.parseLong(String.valueOf(process.getFileName())));
        }
      }
    }
    return found;
  }

  private static String[] stat(Path process) throws IOException {
    try {
      var text = Files.readString(process.resolve("stat"));
      return text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
    } catch (NoSuchFileException e) {
      return new String[0];
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("No such process")) {
        return new String[0];
      }
      throw e;
    }
  }
}
