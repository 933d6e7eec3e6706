package dev.skein.worker.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.cgroup.Containments;
import dev.skein.worker.runtime.log.LogEntry;
import dev.skein.worker.runtime.log.LogOptions;
import dev.skein.worker.runtime.log.LogPolicy;
import dev.skein.worker.runtime.os.ProcFs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The agent is a process that is killed with SIGKILL.
class AgentDeathTest {

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void tasksSurviveTheAgentAndAreAdoptedWithTheirExitCodes(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      var agent =
          AgentProcess.start(
              lab.directory,
              lab.daemonId,
              cgroups,
              "echo before; while [ ! -e go ]; do sleep 0.01; done; echo after; exit 21",
              "while [ ! -e go ]; do sleep 0.01; done; exit 22",
              "exit 23");
      RuntimeLab.await(
          () -> Files.readString(lab.directory.resolve("tasks/t0/log/stdout")).equals("before\n"));
      agent.destroyForcibly().waitFor();
      Files.createFile(lab.directory.resolve("tasks/t0/work/go"));
      RuntimeLab.await(
          () -> Files.readString(lab.directory.resolve("tasks/t0/exit")).contains("21"));

      var adopted = lab.runtime().adopt();
      assertThat(adopted).containsOnlyKeys("t0", "t1", "t2");
      // One ended while there was no agent, one before its death, and one still runs.
      assertThat(RuntimeLab.exitOf(adopted.get("t0")).code()).isEqualTo(21);
      assertThat(RuntimeLab.exitOf(adopted.get("t2")).code()).isEqualTo(23);
      assertThat(Objects.requireNonNull(adopted.get("t1")).exit()).isNotDone();
      assertThat(lab.lines("t0")).containsExactly("before", "after");

      var before = System.nanoTime();
      Files.createFile(lab.directory.resolve("tasks/t1/work/go"));
      assertThat(RuntimeLab.exitOf(adopted.get("t1")).code()).isEqualTo(22);
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
    }
  }

  @Test
  void anAgentHoldsItsCgroupsUntilItsProcessIsGone(@TempDir Path temporary) throws Exception {
    var directory = temporary.resolve("other");
    Files.createDirectory(directory);
    var daemonId = "test-" + UUID.randomUUID();
    var agent = AgentProcess.start(directory, daemonId, true, "exit 0");
    RuntimeLab.await(() -> Files.exists(directory.resolve("tasks/t0/exit")));
    Containments.sweep();
    assertThat(cgroupsOf(daemonId)).as("nothing runs there, but its agent lives").isNotEmpty();

    agent.destroyForcibly().waitFor();
    RuntimeLab.await(
        () -> {
          Containments.sweep();
          return cgroupsOf(daemonId).isEmpty();
        });
  }

  private static List<Path> cgroupsOf(String daemonId) throws IOException {
    try (var top = Files.walk(Path.of("/sys/fs/cgroup"), 4)) {
      return top.filter(path -> path.endsWith(Path.of("skein", daemonId))).toList();
    }
  }

  @Test
  void anAdoptedTaskIsStoppedWithItsWholeTree() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      AgentProcess.start(lab.directory, lab.daemonId, true, "sleep 1000 & sleep 1000 & wait")
          .destroyForcibly()
          .waitFor();
      lab.runtime().adopt();
      RuntimeLab.await(() -> lab.processes("t0").size() == 3);

      var exit =
          lab.runtime().stop("t0", Signal.TERM, Duration.ofSeconds(20)).get(30, TimeUnit.SECONDS);
      assertThat(exit.signal()).isEqualTo(Signal.TERM);
      assertThat(lab.processes("t0")).isEmpty();
    }
  }

  @Test
  void whatWasWrittenWithoutAnAgentIsDatedByTheFile() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var agent =
          AgentProcess.start(
              lab.directory,
              lab.daemonId,
              true,
              "while [ ! -e go ]; do sleep 0.01; done; echo unseen; exec sleep 1000");
      agent.destroyForcibly().waitFor();
      var before = Instant.now();
      Files.createFile(lab.directory.resolve("tasks/t0/work/go"));
      var file = lab.directory.resolve("tasks/t0/log/stdout");
      RuntimeLab.await(() -> Files.size(file) > 0);
      var written = Files.getLastModifiedTime(file).toInstant();

      lab.runtime().adopt();
      assertThat(lab.entries("t0", LogOptions.ALL))
          .extracting(LogEntry::at)
          .containsExactly(written);
      assertThat(written).isBetween(before.minusMillis(20), Instant.now());
    }
  }

  @Test
  void anAgentWithoutRootRunsTasksAndSaysWhatItCannotEnforce(@TempDir Path temporary)
      throws Exception {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    var directory = Files.createDirectory(temporary.resolve("state"));
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    var classes = Files.createDirectory(temporary.resolve("classes"));
    var agent =
        AgentProcess.startAsNobody(
            classes,
            directory,
            "nobody",
            "id -u; echo $HOME; setsid --fork sleep 1000; exec sleep 1000");
    var config = new ProcessRuntimeConfig(directory, "nobody", LogPolicy.DEFAULT, false);
    try (var runtime = ProcessRuntime.open(config, InstantSource.system())) {
      var output = directory.resolve("tasks/t0/log/stdout");
      RuntimeLab.await(() -> Files.readString(output).lines().count() == 2);
      assertThat(Files.readAllLines(output)).containsExactly("65534", "/nonexistent");

      agent.destroyForcibly().waitFor();
      assertThat(runtime.adopt()).containsOnlyKeys("t0");
      assertThat(runtime.describe().feature(Feature.MEMORY_LIMIT).enforced()).isFalse();
      runtime.stop("t0", Signal.TERM, Duration.ofSeconds(20)).get(30, TimeUnit.SECONDS);
      runtime.remove("t0");
      assertThat(
              ProcFs.processes().stream()
                  .filter(process -> ProcFs.hasEnvironment(process.pid(), "SKEIN_TASK=nobody/t0")))
          .isEmpty();
      assertThat(directory.resolve("tasks")).isEmptyDirectory();
    }
  }
}
