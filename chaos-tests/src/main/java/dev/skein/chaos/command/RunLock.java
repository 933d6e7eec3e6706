package dev.skein.chaos.command;

import dev.skein.cli.command.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// At most one experiment runs in a lab; a file in its directory names the process.
final class RunLock implements AutoCloseable {

  private static final String FILE = "running";

  private final Path file;

  private RunLock(Path file) {
    this.file = file;
  }

  /// Takes it for this process.
  ///
  /// @throws FailureException if another process that lives has it
  static RunLock take(Path directory) throws IOException {
    Files.createDirectories(directory);
    var file = directory.resolve(FILE);
    var other = find(directory);
    if (other.isPresent()) {
      throw new FailureException(
          "an experiment runs already (process %d); see: skein chaos status"
              .formatted(other.get().pid()));
    }
    var self = ProcessHandle.current();
    Files.writeString(file, self.pid() + " " + started(self));
    return new RunLock(file);
  }

  private static long started(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static Optional<ProcessHandle> find(Path directory) throws IOException {
    var file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    var words = Files.readString(file).strip().split(" ", -1);
    return words.length == 2
        ? ProcessHandle.of(Long.parseLong(words[0]))
            .filter(process -> started(process) == Long.parseLong(words[1]))
        : Optional.empty();
  }

  /// The process that runs an experiment, if there is one.
  static Optional<Long> holder(Path directory) throws IOException {
    return find(directory).map(ProcessHandle::pid);
  }

  /// Ends the experiment that runs, as `^C` in its terminal does.
  ///
  /// @return whether there was one
  static boolean interrupt(Path directory, Duration within) throws IOException {
    var process = find(directory);
    if (process.isEmpty()) {
      return false;
    }
    process.get().destroy();
    try {
      process.get().onExit().get(within.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // Its dead-man processes are told next.
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }
}
