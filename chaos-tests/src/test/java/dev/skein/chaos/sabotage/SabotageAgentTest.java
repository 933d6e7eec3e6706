package dev.skein.chaos.sabotage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class SabotageAgentTest {
  private static final int SECONDS_MAX = 60;

  @TempDir private Path directory;

  private record Ended(int code, String said) {}

  /// A process with the agent, which does nothing but to say how it is used.
  private Ended start(String argument) throws IOException, InterruptedException {
    var jar = directory.resolve("agent.jar");
    AgentJar.write(jar);
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-javaagent:%s=%s".formatted(jar, argument),
                "-cp",
                System.getProperty("java.class.path"),
                Sabotage.class.getName())
            .redirectErrorStream(true)
            .start();
    try (var out = process.getInputStream()) {
      var said = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)).isTrue();
      return new Ended(process.exitValue(), said);
    } finally {
      process.destroyForcibly();
    }
  }

  /// Fails when what a defect redirects has another name by now.
  @ParameterizedTest
  @EnumSource
  void everyDefectFitsThisBuild(Defect defect) throws IOException {
    var classes = SabotageAgent.rewritten(defect, SabotageAgentTest.class.getClassLoader());
    assertThat(classes)
        .hasSameSizeAs(defect.redirections().stream().map(Redirection::in).distinct().toList());
    assertThat(Defect.named(defect.label())).isEqualTo(defect);
  }

  @Test
  void aProcessSaysWhichDefectItHas() throws Exception {
    var ended = start("stale-reads");
    assertThat(ended.said()).contains(SabotageAgent.BUILT_IN + "stale-reads", "usage:");
    assertThat(ended.code()).isEqualTo(2);
  }

  @Test
  void aProcessWithoutItsDefectDoesNotStart() throws Exception {
    var ended = start("no-such");
    assertThat(ended.said())
        .contains("sabotage: no-such can't be built in: no defect \"no-such\"")
        .doesNotContain(SabotageAgent.BUILT_IN, "usage:");
    assertThat(ended.code()).isEqualTo(1);
  }
}
