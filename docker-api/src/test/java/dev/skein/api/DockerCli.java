package dev.skein.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/// Docker's own CLI, unmodified, pointed at a socket.
final class DockerCli {
  private static final long TIMEOUT_S = 60;

  private final Path program;
  private final Path socket;

  record Outcome(int exitCode, String out, String err) {}

  DockerCli(Path socket) {
    this.program = find();
    this.socket = socket;
  }

  private static Path find() {
    for (var directory : System.getenv("PATH").split(":", -1)) {
      var candidate = Path.of(directory, "docker");
      if (Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    throw new AssertionError(
        "Docker's CLI is not on the PATH: apt-get install docker-cli (or docker.io)");
  }

  /// Starts a command and leaves it running.
  Process start(String... arguments) throws IOException {
    var command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    if (!arguments[0].equals("--host")) {
      builder.environment().put("DOCKER_HOST", "unix://" + socket);
    }
    // Without the user's own settings.
    builder.environment().put("DOCKER_CONFIG", socket.resolveSibling(".").toString());
    return builder.start();
  }

  Outcome run(String... arguments) throws IOException, InterruptedException {
    var process = start(arguments);
    process.getOutputStream().close();
    try {
      var err = new FutureTask<>(() -> new String(process.getErrorStream().readAllBytes(), UTF_8));
      Thread.ofVirtual().start(err);
      var watchdog =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
                        process.destroyForcibly();
                      }
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  });
      var out = new String(process.getInputStream().readAllBytes(), UTF_8);
      var exitCode = process.waitFor();
      watchdog.join();
      return new Outcome(exitCode, out, err.get());
    } catch (ExecutionException e) {
      throw new IOException(e);
    } finally {
      process.destroyForcibly();
    }
  }

  /// The output of a command that must succeed.
  String ok(String... arguments) throws IOException, InterruptedException {
    var outcome = run(arguments);
    if (outcome.exitCode() != 0) {
      throw new AssertionError("docker " + String.join(" ", arguments) + " exited " + outcome);
    }
    return outcome.out().strip();
  }

  /// What a command that must fail says.
  String fails(String... arguments) throws IOException, InterruptedException {
    var outcome = run(arguments);
    if (outcome.exitCode() == 0) {
      throw new AssertionError("docker " + String.join(" ", arguments) + " succeeded: " + outcome);
    }
    return outcome.err().strip();
  }
}
