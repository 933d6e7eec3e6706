package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.log.LogStream;
import dev.skein.worker.runtime.os.ProcessId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a task has on disk. The layout is a contract with `supervise.sh`:
///
/// | path | written by | holds |
/// |---|---|---|
/// | `spec` | the daemon | [SpecFile], readable by the daemon's user only |
/// | `status` | the supervisor | `started PID START SUPERVISOR START` |
/// | `exit` | the supervisor | `running` or `exited CODE` |
/// | `log/` | the task | its two streams |
/// | `times/` | the daemon | when they grew |
/// | `work/` | the task | its directory, unless it has another |
///
/// @param path the directory; its name is the task's id
record TaskDirectory(Path path) {

  private static final Pattern STARTED = Pattern.compile("started (\\d+) (\\d+) (\\d+) (\\d+)\n");
  private static final Pattern EXITED = Pattern.compile("exited +(\\d+)\n");

  /// As long as the line that will replace it.
  private static final String RUNNING = "running   \n";

  /// Others may pass, so that a task of another user reaches its own directory, but not look.
  private static final String PASSABLE = "rwx--x--x";

  private static final String PRIVATE_FILE = "rw-------";
  private static final String PRIVATE_DIRECTORY = "rwx------";

  Path spec() {
    return path.resolve("spec");
  }

  Path log() {
    return path.resolve("log");
  }

  Path times() {
    return path.resolve("times");
  }

  Path work() {
    return path.resolve("work");
  }

  /// Makes it all. The specification comes last and at once, so a directory without one was never
  /// complete.
  void create(SpecFile specFile, UserAccount owner, UserAccount self) throws IOException {
    directory(path, PASSABLE);
    directory(log(), PASSABLE);
    directory(times(), PRIVATE_DIRECTORY);
    directory(work(), PRIVATE_DIRECTORY);
    for (var stream : LogStream.values()) {
      // The task's own, for programs that open /dev/stdout by name.
      own(file(log().resolve(stream.fileName()), new byte[0]), owner, self);
    }
    own(work(), owner, self);
    file(path.resolve("status"), new byte[0]);
    file(path.resolve("exit"), RUNNING.getBytes(StandardCharsets.US_ASCII));
    var next = file(path.resolve("spec.next"), specFile.encode());
    Files.move(next, spec(), StandardCopyOption.ATOMIC_MOVE);
  }

  private static void directory(Path directory, String permissions) throws IOException {
    Files.createDirectory(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(permissions));
  }

  private static Path file(Path file, byte[] content) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(PRIVATE_FILE)));
    if (content.length > 0) {
      Files.write(file, content);
    }
    return file;
  }

  private static void own(Path file, UserAccount owner, UserAccount self) throws IOException {
    if (owner.uid() != self.uid() || owner.gid() != self.gid()) {
      Files.setAttribute(file, "unix:gid", owner.gid());
      Files.setAttribute(file, "unix:uid", owner.uid());
    }
  }

  /// The processes that were started, if any were.
  Optional<Started> started() throws IOException {
    return Optional.ofNullable(Started.parse(read("status")));
  }

  /// When the task was started.
  Instant startedAt() throws IOException {
    return Files.getLastModifiedTime(path.resolve("status")).toInstant();
  }

  /// The exit code, once the supervisor has written it.
  OptionalInt exitCode() throws IOException {
    var match = EXITED.matcher(read("exit"));
    return match.matches() ? OptionalInt.of(Integer.parseInt(match.group(1))) : OptionalInt.empty();
  }

  /// When the exit code was written.
  Instant exitedAt() throws IOException {
    return Files.getLastModifiedTime(path.resolve("exit")).toInstant();
  }

  private String read(String name) throws IOException {
    try {
      return Files.readString(path.resolve(name), StandardCharsets.US_ASCII);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /// Removes the directory and everything in it, without following links.
  void delete() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            if (!Files.isWritable(directory)
                || !Files.isExecutable(directory)
                || !Files.isReadable(directory)) {
              Files.setPosixFilePermissions(
                  directory, PosixFilePermissions.fromString(PRIVATE_DIRECTORY));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /// The processes of a started task.
  ///
  /// @param main the task's first process
  /// @param supervisor the shell that waits for it
  record Started(ProcessId main, ProcessId supervisor) {

    static @Nullable Started parse(String line) {
      var match = STARTED.matcher(line);
      return match.matches()
          ? new Started(
              new ProcessId(Long.parseLong(match.group(1)), Long.parseLong(match.group(2))),
              new ProcessId(Long.parseLong(match.group(3)), Long.parseLong(match.group(4))))
          : null;
    }
  }
}
