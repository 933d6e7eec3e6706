package dev.skein.worker.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.worker.runtime.Execution;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskSpec;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessStat;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands beside real tasks, once in cgroups and once without them. Run as root.
class JoinedCommandTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  private static Execution exec(RuntimeLab lab, Duration timeout, String script) throws Exception {
    return lab.runtime().exec("task", List.of("sh", "-c", script), timeout);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCommandRunsAsTheTasksUserInItsDirectoryEnvironmentAndCgroup(boolean cgroups)
      throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      var spec =
          TaskSpec.of("task", List.of("sh", "-c", "pwd; id -u; cat /proc/self/cgroup; sleep 100"))
              .withEnv(Map.of("COLOUR", "green"))
              .withUser("nobody");
      lab.run(spec);
      lab.awaitLines("task", 3);

      var ran = exec(lab, LONG, "pwd; id -u; cat /proc/self/cgroup");
      assertThat(ran.code()).isZero();
      lab.awaitLines("task", (int) ran.output().lines().count());
      assertThat(ran.output().lines().toList()).isEqualTo(lab.lines("task"));
      assertThat(exec(lab, LONG, "echo $COLOUR").output()).isEqualTo("green");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itsExitCodeAndTheBeginningOfItsOutputAreTold(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      lab.shell("task", "sleep 100");
      var failed = exec(lab, LONG, "echo one; echo two >&2; exit 3");
      assertThat(failed).isEqualTo(new Execution(3, false, "one\ntwo"));
      var wordy = exec(lab, LONG, "head -c 1000000 /dev/zero | tr '\\0' x");
      assertThat(wordy.code()).isZero();
      assertThat(wordy.output()).hasSize(Execution.OUTPUT_BYTES_MAX);
      assertThat(lab.runtime().exec("task", List.of("/no/such/program"), LONG).code())
          .isEqualTo(127);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCommandThatTakesTooLongIsKilledWithAllThatItStartedAndTheTaskGoesOn(boolean cgroups)
      throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      var task = lab.shell("task", "exec sleep 100");
      var pids = Files.createTempFile("skein-probe", ".pids");
      var script =
          "echo $$ >>%1$s; (setsid sh -c 'echo $$ >>%1$s; exec sleep 100' &) ; echo begun; sleep 100"
              .formatted(pids);

      var ran = exec(lab, Duration.ofSeconds(1), script);

      assertThat(ran.timedOut()).isTrue();
      assertThat(ran.output()).isEqualTo("begun");
      assertThat(alive(pids)).isEmpty();
      assertThat(Files.readAllLines(pids)).hasSize(2);
      Files.delete(pids);
      assertThat(task.exit()).isNotDone();
      assertThat(lab.processes("task")).contains(task.pid());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatHoldsTheOutputOpenAfterTheCommandDoesNotOutliveIt(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      lab.shell("task", "exec sleep 100");
      var pids = Files.createTempFile("skein-probe", ".pids");
      var ran = exec(lab, LONG, "sh -c 'echo $$ >>%s; exec sleep 100' & echo done".formatted(pids));
      assertThat(ran).isEqualTo(new Execution(0, false, "done"));
      RuntimeLab.await(() -> alive(pids).isEmpty());
      Files.delete(pids);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCommandThatHangsIsKilledByTheNextDaemonAndTheTaskGoesOn(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      var task = lab.shell("task", "exec sleep 100");
      var pids = Files.createTempFile("skein-probe", ".pids");
      var script =
          "(setsid sh -c 'echo $$ >>%1$s; exec sleep 900' &); echo $$ >>%1$s; sleep 900"
              .formatted(pids);
      var before = lab.runtime();
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  before.exec("task", List.of("sh", "-c", script), Duration.ofMinutes(10));
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      RuntimeLab.await(() -> alive(pids).size() == 2);

      assertThat(lab.reopen().adopt()).containsOnlyKeys("task");

      RuntimeLab.await(() -> alive(pids).isEmpty());
      Files.delete(pids);
      assertThat(lab.processes("task")).containsExactly(task.pid());
    }
  }

  private static List<Long> alive(Path pids) throws Exception {
    return Files.readAllLines(pids).stream()
        .map(Long::parseLong)
        .filter(pid -> ProcFs.stat(pid).filter(ProcessStat::alive).isPresent())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTaskThatRunsNoMoreIsToldApart(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      var task = lab.shell("task", "exec sleep 100");
      var _ = lab.runtime().stop("task", Signal.KILL, Duration.ZERO);
      RuntimeLab.exitOf(task);
      assertThatThrownBy(() -> exec(lab, LONG, "true")).isInstanceOf(NoSuchFileException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTaskTakenOverByTheNextDaemonIsJoinedAsWell(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      lab.run(TaskSpec.of("task", List.of("sleep", "100")).withEnv(Map.of("COLOUR", "green")));
      lab.reopen().adopt();
      assertThat(exec(lab, LONG, "echo $COLOUR").output()).isEqualTo("green");
    }
  }
}
