package dev.skein.worker.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.worker.runtime.Exit;
import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.Metadata;
import dev.skein.worker.runtime.RunningTask;
import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskSpec;
import dev.skein.worker.runtime.log.LogEntry;
import dev.skein.worker.runtime.log.LogOptions;
import dev.skein.worker.runtime.log.LogStream;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessId;
import dev.skein.worker.runtime.os.Signals;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Real processes, once in cgroups and once without them. Run as root, so that there are cgroups.
class ProcessRuntimeTest {

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void exitCodesAndSignalsAreReported(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      assertThat(RuntimeLab.exitOf(lab.shell("ok", "exit 0")).success()).isTrue();

      var failed = RuntimeLab.exitOf(lab.shell("failed", "exit 7"));
      assertThat(failed.code()).isEqualTo(7);
      assertThat(failed.message()).isEqualTo("task: non-zero exit (7)");

      var killed = RuntimeLab.exitOf(lab.shell("killed", "kill -SEGV $$"));
      assertThat(killed.code()).isEqualTo(139);
      assertThat(killed.signal()).isEqualTo(Signal.parse("SIGSEGV"));
      assertThat(killed.lost()).isFalse();
    }
  }

  @Test
  void aTaskGetsExactlyItsEnvironment() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var env = new LinkedHashMap<String, String>();
      env.put("GREETING", "it's \"quoted\" $HOME `id` \\ ünïcode\nsecond line");
      env.put("spring.datasource.url", "jdbc:x");
      env.put("-odd name", "");
      env.put("PATH", "/usr/bin:/bin");
      env.put("LD_PRELOAD_NOT", "1");
      var task = lab.run(TaskSpec.of("env", List.of("env", "-0")).withEnv(env));
      assertThat(RuntimeLab.exitOf(task).code()).isZero();

      var seen =
          Files.readString(lab.directory.resolve("tasks/env/log/stdout"), StandardCharsets.UTF_8);
      assertThat(seen.split("\0"))
          .containsExactlyInAnyOrder(
              "PATH=/usr/bin:/bin",
              "HOME=/root",
              "LANG=C.UTF-8",
              "GREETING=it's \"quoted\" $HOME `id` \\ ünïcode\nsecond line",
              "spring.datasource.url=jdbc:x",
              "-odd name=",
              "LD_PRELOAD_NOT=1",
              "SKEIN_TASK=" + lab.daemonId + "/env");
    }
  }

  @Test
  void noShellInterpretsArguments() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var arguments =
          List.of("printf", "[%s]\\n", "$(id)", "; exit 9", "a  b", "*", "-n", "'\"", "");
      var task = lab.run(TaskSpec.of("args", arguments));
      assertThat(RuntimeLab.exitOf(task).code()).isZero();
      assertThat(lab.lines("args"))
          .containsExactly("[$(id)]", "[; exit 9]", "[a  b]", "[*]", "[-n]", "['\"]", "[]");
    }
  }

  @Test
  void aTaskHasASessionOfItsOwnAndDefaultSignals() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var task = lab.shell("session", "trap; cat /proc/self/status; kill -KILL 0");
      // Killing its own process group does not reach the supervisor, so the code is known.
      assertThat(RuntimeLab.exitOf(task))
          .extracting(Exit::code, Exit::lost)
          .containsExactly(137, false);
      assertThat(lab.lines("session"))
          .contains("SigBlk:\t0000000000000000")
          .filteredOn(line -> line.startsWith("SigIgn:"))
          .singleElement()
          .asString()
          // Only the two that the C library keeps for itself.
          .isIn("SigIgn:\t0000000000000000", "SigIgn:\t0000000180000000");
    }
  }

  @Test
  void aTaskRunsAsAnotherUserInItsOwnDirectory() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var task =
          lab.run(
              TaskSpec.of(
                      "user",
                      List.of(
                          "sh",
                          "-c",
                          "id -un; id -Gn; echo $HOME; touch here && ls -l /dev/null here | wc -l;"
                              + " echo named >/dev/stderr"))
                  .withUser("nobody"));
      assertThat(RuntimeLab.exitOf(task).code()).isZero();
      assertThat(lab.entries("user", LogOptions.ALL.only(LogStream.STDOUT)))
          .extracting(LogEntry::line)
          .containsExactly("nobody", "nogroup", "/nonexistent", "2");
      assertThat(lab.entries("user", LogOptions.ALL.only(LogStream.STDERR)))
          .extracting(LogEntry::line)
          .containsExactly("named");
      assertThat(lab.directory.resolve("tasks/user/work/here")).isRegularFile();
    }
  }

  @Test
  void aTaskRunsAsANumberThatTheSystemDoesNotKnow() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var task = lab.run(TaskSpec.of("uid", List.of("id")).withUser("12345:54321"));
      assertThat(RuntimeLab.exitOf(task).code()).isZero();
      assertThat(lab.lines("uid")).containsExactly("uid=12345 gid=54321 groups=54321");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTaskThatIgnoresTermIsKilledAfterItsGrace(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      var task = lab.shell("stubborn", "trap '' TERM; echo ready; while :; do sleep 1; done");
      lab.awaitLines("stubborn", 1);

      var before = System.nanoTime();
      var exit =
          lab.runtime()
              .stop(task.id(), Signal.TERM, Duration.ofMillis(300))
              .get(30, TimeUnit.SECONDS);
      assertThat(Duration.ofNanos(System.nanoTime() - before))
          .isBetween(Duration.ofMillis(300), Duration.ofSeconds(5));
      assertThat(exit.code()).isEqualTo(137);
      assertThat(lab.processes("stubborn")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTaskThatEndsWhenAskedKeepsItsCode(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      lab.shell("polite", "trap 'exit 3' QUIT; echo ready; while :; do sleep 0.01; done");
      lab.awaitLines("polite", 1);
      var exit =
          lab.runtime()
              .stop("polite", Signal.parse("quit"), Duration.ofSeconds(20))
              .get(30, TimeUnit.SECONDS);
      assertThat(exit.code()).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aForkingTreeIsKilledAsAWhole(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      lab.shell(
          "bomb",
          """
          i=0
          while [ $i -lt 50 ]; do (trap '' TERM; while :; do sleep 0.05; done) & i=$((i+1)); done
          trap '' TERM
          echo ready
          wait
          """);
      lab.awaitLines("bomb", 1);
      assertThat(lab.processes("bomb")).hasSizeGreaterThan(50);

      lab.runtime().stop("bomb", Signal.TERM, Duration.ZERO).get(30, TimeUnit.SECONDS);
      assertThat(lab.processes("bomb")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDaemonThatLeftItsSessionGoesWithItsTask(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      var task =
          lab.shell(
              "parent", "setsid --fork setsid --fork sleep 1000; sleep 0.1; echo left; exit 4");
      var exit = RuntimeLab.exitOf(task);
      assertThat(exit.code()).isEqualTo(4);
      assertThat(lab.lines("parent")).contains("left");
      // The exit is told only when nothing of the task runs any more.
      assertThat(lab.processes("parent")).isEmpty();
    }
  }

  @Test
  void inACgroupNotEvenAClearedEnvironmentEscapes() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var task =
          lab.shell("cleared", "env -i setsid --fork sh -c 'echo $$; exec sleep 1000'; sleep 0.2");
      RuntimeLab.exitOf(task);
      var daemon = Long.parseLong(lab.lines("cleared").getFirst());
      assertThat(ProcFs.stat(daemon).filter(stat -> stat.alive())).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aKilledSupervisorLosesTheCodeButNotTheTask(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      var task = lab.shell("orphan", "echo ready; while [ ! -e go ]; do sleep 0.01; done; exit 5");
      lab.awaitLines("orphan", 1);
      killSupervisor(task);
      assertThat(task.exit()).isNotDone();
      assertThat(lab.reopen().adopt()).containsOnlyKeys("orphan");
      assertThat(ProcFs.stat(task.pid())).isPresent();

      Files.createFile(lab.directory.resolve("tasks/orphan/work/go"));
      var adopted = lab.runtime().stop("orphan", Signal.CONT, Duration.ofSeconds(20));
      var exit = adopted.get(30, TimeUnit.SECONDS);
      assertThat(exit.lost()).isTrue();
      assertThat(exit.code()).isEqualTo(Exit.LOST_CODE);
      assertThat(exit.message()).contains("its supervisor was killed");
    }
  }

  private static void killSupervisor(RunningTask task) throws Exception {
    var supervisor = ProcFs.stat(ProcFs.stat(task.pid()).orElseThrow().parent()).orElseThrow();
    var id = new ProcessId(supervisor.pid(), supervisor.startTicks());
    Signals.send(id, Signal.KILL);
    RuntimeLab.await(() -> !ProcFs.alive(id));
  }

  @Test
  void aTaskThatEndedUnwatchedIsAdoptedWithItsCode() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var spec =
          TaskSpec.of("ended", List.of("sh", "-c", "echo out; echo err >&2; exit 42"))
              .withMetadata(Metadata.of(new byte[] {1, 2, 3}));
      var task = lab.run(spec);
      lab.runtime().close();
      RuntimeLab.await(() -> ProcFs.stat(task.pid()).isEmpty());

      var adopted = lab.reopen().adopt();
      assertThat(adopted).containsOnlyKeys("ended");
      assertThat(Objects.requireNonNull(adopted.get("ended")).spec()).isEqualTo(spec);
      var exit = RuntimeLab.exitOf(adopted.get("ended"));
      assertThat(exit.code()).isEqualTo(42);
      assertThat(exit.at()).isBetween(task.startedAt(), Instant.now());
      assertThat(lab.lines("ended")).containsExactlyInAnyOrder("out", "err");
    }
  }

  @Test
  void aTaskThatWasNeverStartedIsNotAdopted() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      lab.runtime().prepare(TaskSpec.of("prepared", List.of("true")));
      assertThat(lab.reopen().adopt()).isEmpty();
      assertThat(lab.directory.resolve("tasks")).isEmptyDirectory();
    }
  }

  @Test
  void limitsAreEnforcedInCgroups() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var description = lab.runtime().describe();
      assertThat(description.feature(Feature.MEMORY_LIMIT).enforced()).isTrue();

      var hungry =
          lab.run(
              TaskSpec.of(
                      "hungry",
                      List.of(
                          "sh", "-c", "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo ${#x}"))
                  .withLimits(new Limits(0, 16 << 20, 0)));
      assertThat(RuntimeLab.exitOf(hungry).oomKilled()).isTrue();
      assertThat(RuntimeLab.exitOf(hungry).success()).isFalse();

      var forking =
          lab.run(
              TaskSpec.of(
                      "forking",
                      List.of("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait"))
                  .withLimits(new Limits(0, 0, 5)));
      assertThat(RuntimeLab.exitOf(forking).success()).isFalse();
      assertThat(lab.lines("forking")).anyMatch(line -> line.contains("fork"));

      lab.run(
          TaskSpec.of("busy", List.of("sh", "-c", "while :; do :; done"))
              .withLimits(new Limits(100_000_000, 0, 0)));
      RuntimeLab.await(() -> lab.runtime().usage("busy").cpuTime().toMillis() > 50);
      var before = lab.runtime().usage("busy").cpuTime();
      var start = System.nanoTime();
      RuntimeLab.await(() -> System.nanoTime() - start > 500_000_000);
      var used = lab.runtime().usage("busy").cpuTime().minus(before);
      // A tenth of half a second, and one period of slack on either side.
      assertThat(used).isBetween(Duration.ofMillis(20), Duration.ofMillis(200));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void usageCountsTheWholeTask(boolean cgroups) throws Exception {
    try (var lab = new RuntimeLab(cgroups)) {
      lab.shell("usage", "sleep 100 & while :; do :; done");
      RuntimeLab.await(() -> lab.runtime().usage("usage").cpuTime().toMillis() >= 100);
      var usage = lab.runtime().usage("usage");
      assertThat(usage.processes()).isEqualTo(2);
      assertThat(usage.memoryBytes()).isBetween(100_000L, 100_000_000L);
    }
  }

  @Test
  void aHundredTasksStartTogether() throws Exception {
    try (var lab = new RuntimeLab(true)) {
      var starts = new ConcurrentLinkedQueue<Long>();
      var before = System.nanoTime();
      try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
        var all = new ArrayList<Callable<RunningTask>>();
        for (var i = 0; i < 100; i++) {
          var spec = TaskSpec.of("many-" + i, List.of("sleep", "1000"));
          all.add(
              () -> {
                var start = System.nanoTime();
                var task = lab.run(spec);
                starts.add(System.nanoTime() - start);
                return task;
              });
        }
        for (var started : executor.invokeAll(all)) {
          assertThat(started.get().exit()).isNotDone();
        }
      }
      var together = Duration.ofNanos(System.nanoTime() - before);
      System.out.printf(
          "100 tasks in %d ms, the median start %d ms%n",
          together.toMillis(),
          TimeUnit.NANOSECONDS.toMillis(
              starts.stream().sorted().skip(50).findFirst().orElseThrow()));
      // Well above what was measured, for a machine that does other things as well.
      assertThat(together).isLessThan(Duration.ofSeconds(10));
    }
  }
}
