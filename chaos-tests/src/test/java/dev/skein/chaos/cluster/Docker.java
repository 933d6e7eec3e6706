package dev.skein.chaos.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Docker's own command line client, unmodified, pointed at a daemon's socket.
public final class Docker {

  private final Path program;
  private final TestNode node;

  public Docker(TestNode node) {
    this.program = find();
    this.node = node;
  }

  private static Path find() {
    for (var directory : System.getenv("PATH").split(":", -1)) {
      var candidate = Path.of(directory, "docker");
      if (Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    throw new AssertionError(
        "Docker's client is not on the PATH: apt-get install docker.io (or docker-cli)");
  }

  /// Runs a command.
  public Outcome run(String... words) throws IOException, InterruptedException {
    var line = new ArrayList<>(List.of(program.toString()));
    line.addAll(List.of(words));
    return Command.run(
        line,
        // Without the settings of whoever runs the tests.
        Map.of("DOCKER_HOST", node.host(), "DOCKER_CONFIG", node.directory().toString()));
  }

  /// What a command prints that must succeed.
  public String ok(String... words) throws IOException, InterruptedException {
    return run(words).ok().text();
  }

  /// The error of a command that must fail.
  public String fails(String... words) throws IOException, InterruptedException {
    return run(words).failed().err().strip();
  }
}
