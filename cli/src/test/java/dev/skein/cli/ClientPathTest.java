package dev.skein.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;

/// What makes the client start fast: it knows nothing of the daemon's libraries.
class ClientPathTest {
  private static final List<String> PACKAGES =
      List.of("client", "command", "format", "progress", "value", "whoami", "train");

  @Test
  void theClientKnowsNoneOfTheDaemonsLibraries() {
    // By path, because the tests of these packages may use whatever they like.
    JavaClasses all = new ClassFileImporter().importPath(Path.of(location(Main.class)));
    JavaClasses client =
        all.that(
            DescribedPredicate.describe(
                "belong to the client",
                type ->
                    PACKAGES.stream()
                        .anyMatch(name -> type.getPackageName().equals("dev.skein.cli." + name))));
    assertThat(client).hasSizeGreaterThan(PACKAGES.size());
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.grpc..",
            "io.netty..",
            "com.google.protobuf..",
            "org.slf4j..",
            "java.util.logging..",
            "java.net.http..",
            "dev.skein.api..",
            "dev.skein.manager..",
            "dev.skein.worker..",
            "dev.skein.state..",
            "dev.skein.proto..",
            "dev.skein.cli.daemon..",
            "dev.skein.cli.dev..")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("com.google.gson.Gson")
        .check(client);
  }

  @Test
  @Timeout(60)
  void theClientRunsWithNothingButItsOwnClassesGsonAndPicocli() throws Exception {
    String classes = location(Main.class);
    String gson = location(JsonParser.class);
    String picocli = location(CommandLine.class);
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xlog:class+load",
                    "-cp",
                    String.join(File.pathSeparator, classes, gson, picocli),
                    "dev.skein.cli.Main",
                    "-H",
                    "unix:///nowhere/s",
                    "node",
                    "ls"))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(output)
        .contains("Cannot connect to the Skein daemon at unix:///nowhere/s. Is the daemon running?")
        .contains("dev.skein.cli.command.NodeListing ")
        .doesNotContain("java.util.logging.LogManager ")
        .doesNotContain("com.google.gson.Gson ")
        .doesNotContain("dev.skein.cli.command.ServiceCreate ");
  }

  private static String location(Class<?> type) {
    return type.getProtectionDomain().getCodeSource().getLocation().getPath();
  }
}
