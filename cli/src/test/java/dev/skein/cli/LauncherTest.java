package dev.skein.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Runs the launcher in a copy of a checkout whose Java is a script that prints its arguments.
@Timeout(60)
class LauncherTest {
  private static final Path REPOSITORY = repository();

  @TempDir Path directory;
  private Path checkout;
  private Path jdk;

  private static Path repository() {
    Path module = Path.of("").toAbsolutePath();
    return Files.exists(module.resolve("skein")) ? module : module.resolveSibling("");
  }

  @BeforeEach
  void copy() throws IOException {
    checkout = directory.resolve("check out");
    Path launch = Files.createDirectories(checkout.resolve("cli/src/main/launch"));
    Files.copy(REPOSITORY.resolve("skein"), checkout.resolve("skein"));
    assertThat(checkout.resolve("skein").toFile().setExecutable(true)).isTrue();
    for (String script : List.of("find-jdk.sh", "jvm-flags.sh")) {
      Files.copy(REPOSITORY.resolve("cli/src/main/launch/" + script), launch.resolve(script));
    }
    Files.writeString(checkout.resolve("pom.xml"), "");
    Files.writeString(checkout.resolve("cli/pom.xml"), "");
    jdk = Files.createDirectories(directory.resolve("jdk"));
    Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.3\"\n");
    script(jdk.resolve("bin/java"), "echo \"java $*\"");
    Path target = Files.createDirectories(checkout.resolve("cli/target"));
    Files.writeString(target.resolve("skein-cli.jar"), "");
    Files.writeString(
        target.resolve("launch.sh"),
        "gson=g.jar\nclient_cache=\ndaemon_cache=\nbuilt_with='" + jdk + "/bin/java'\n");
  }

  private static void script(Path file, String body) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private record Result(int code, String output) {}

  private Result run(Path program, Map<String, String> environment, String... words)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("SKEIN_JAVA_HOME", "SKEIN_NO_BUILD"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), output);
  }

  @Test
  void theScriptsAreValidShell() throws Exception {
    for (String script :
        List.of(
            "skein",
            "cli/src/main/launch/find-jdk.sh",
            "cli/src/main/launch/jvm-flags.sh",
            "cli/src/main/launch/prepare.sh")) {
      Result result =
          run(Path.of("/bin/sh"), Map.of(), "-n", REPOSITORY.resolve(script).toString());
      assertThat(result).isEqualTo(new Result(0, ""));
    }
  }

  @Test
  void aClientCommandRunsWithOnlyTheClientsJars() throws Exception {
    Result result = run(checkout.resolve("skein"), Map.of(), "node", "ls");
    assertThat(result.code()).isZero();
    assertThat(result.output())
        .contains("-XX:+UseSerialGC")
        .contains(
            "-cp " + checkout + "/cli/target/skein-cli.jar:" + checkout + "/cli/target/lib/g.jar")
        .endsWith("dev.skein.cli.Main node ls\n");
  }

  @Test
  void theDaemonRunsWithAllJarsAndItsOwnSettings() throws Exception {
    Result result = run(checkout.resolve("skein"), Map.of(), "-H", "unix:///x", "daemon", "--x");
    assertThat(result.output())
        .contains(
            "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED",
            "-Djdk.serialFilter=")
        .contains("/cli/target/lib/*")
        .endsWith("dev.skein.cli.Main -H unix:///x daemon --x\n");
    assertThat(run(checkout.resolve("skein"), Map.of(), "whoami").output()).contains("-Xmx48m");
  }

  @Test
  void itWorksThroughChainsOfSymbolicLinks() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("one"), Path.of("check out/skein"));
    Path second = Files.createSymbolicLink(directory.resolve("two"), link);
    assertThat(run(second, Map.of(), "version").output()).endsWith("dev.skein.cli.Main version\n");
  }

  @Test
  void aNewerSourceIsBuiltFirst() throws Exception {
    Path tools = Files.createDirectories(directory.resolve("tools"));
    script(tools.resolve("mvn"), "echo \"mvn $*\"; touch cli/target/launch.sh");
    Map<String, String> path =
        Map.of("PATH", tools + ":" + System.getenv("PATH"), "SKEIN_JAVA_HOME", jdk.toString());
    assertThat(run(checkout.resolve("skein"), path, "version").output()).doesNotContain("mvn");
    Path source = Files.writeString(checkout.resolve("cli/src/main/New.java"), "");
    Files.setLastModifiedTime(
        source, java.nio.file.attribute.FileTime.fromMillis(System.currentTimeMillis() + 5_000));
    assertThat(run(checkout.resolve("skein"), path, "version").output())
        .contains("skein: building")
        .contains("mvn -q -pl chaos-tests -am package -Dmaven.test.skip=true");
    assertThat(
            run(
                    checkout.resolve("skein"),
                    Map.of("PATH", path.getOrDefault("PATH", ""), "SKEIN_NO_BUILD", "1"),
                    "version")
                .output())
        .doesNotContain("mvn");
  }

  @Test
  void withoutAJdkItSaysInOneLineWhatToInstall() throws Exception {
    Path tools = Files.createDirectories(directory.resolve("bare"));
    script(tools.resolve("java"), "echo 'openjdk version \"17.0.1\"' >&2");
    for (String tool : List.of("sh", "find", "readlink", "mkdir", "cat")) {
      Path real = Path.of("/bin", tool);
      Files.createSymbolicLink(
          tools.resolve(tool), Files.exists(real) ? real : Path.of("/usr/bin", tool));
    }
    // The candidates under fixed paths are this machine's own; the test takes them out of the copy.
    Path finder = checkout.resolve("cli/src/main/launch/find-jdk.sh");
    Files.writeString(
        finder, Files.readString(finder).replace("/usr/lib/jvm/*25* /opt/*jdk*25*", ""));
    Files.delete(jdk.resolve("bin/java"));
    Result result =
        run(
            checkout.resolve("skein"),
            Map.of(
                "PATH",
                tools.toString(),
                "JAVA_HOME",
                "",
                "HOME",
                directory.toString(),
                "SKEIN_NO_BUILD",
                "1"),
            "version");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.output())
        .startsWith("skein: needs a JDK 25 and found none: install one")
        .hasLineCount(1);
  }
}
