package dev.skein.chaos.cluster;

import java.nio.file.Files;
import java.nio.file.Path;

/// The checkout's `skein` script: what a user starts.
public final class Launcher {

  private Launcher() {}

  /// The script. It must not begin to build in the middle of a test.
  public static Path script() {
    for (var at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      var script = at.resolve("skein");
      if (Files.isExecutable(script) && Files.exists(at.resolve("pom.xml"))) {
        if (!Files.exists(at.resolve("cli/target/launch.sh"))) {
          throw new AssertionError(
              "the program is not packaged: run the tests with mvn verify -pl chaos-tests -am");
        }
        return script;
      }
    }
    throw new AssertionError("no skein script above " + Path.of("").toAbsolutePath());
  }
}
