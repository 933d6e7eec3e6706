package dev.skein.worker.runtime.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The programs of the system that start a task, by absolute path so that no environment can
/// change them.
///
/// @param shell any POSIX shell
/// @param setsid util-linux
/// @param env GNU coreutils 8.31 or later, for `-S` and `--default-signal`
/// @param setpriv util-linux, or null where it is missing
record Tools(Path shell, Path setsid, Path env, @Nullable Path setpriv) {

  private static final List<String> DIRECTORIES =
      List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin");

  /// Finds and tries them. Throws [IOException] that says what to install.
  static Tools find() throws IOException {
    var tools =
        new Tools(
            require("sh", "dash"),
            require("setsid", "util-linux"),
            require("env", "coreutils"),
            find("setpriv").orElse(null));
    var answer =
        firstLine(
            List.of(tools.env.toString(), "-i", "--default-signal", "-S-- A=works " + tools.env));
    if (!answer.equals("A=works")) {
      throw new IOException(
          "the process runtime needs GNU coreutils 8.31 or later for " + tools.env + " -S");
    }
    return tools;
  }

  static Optional<Path> find(String name) {
    return DIRECTORIES.stream()
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static Path require(String name, String packageName) throws IOException {
    return find(name)
        .orElseThrow(
            () ->
                new IOException(
                    "the process runtime needs "
                        + name
                        + ", which is in none of "
                        + DIRECTORIES
                        + ": install the package "
                        + packageName));
  }

  /// What a short command prints first, empty when nothing.
  static String firstLine(List<String> command) throws IOException {
    var process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    try (var reader = process.inputReader()) {
      var line = reader.readLine();
      return line == null ? "" : line;
    }
  }
}
