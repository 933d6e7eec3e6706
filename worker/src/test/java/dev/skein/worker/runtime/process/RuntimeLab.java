package dev.skein.worker.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.worker.runtime.Exit;
import dev.skein.worker.runtime.RunningTask;
import dev.skein.worker.runtime.TaskSpec;
import dev.skein.worker.runtime.cgroup.Containment;
import dev.skein.worker.runtime.log.LogEntry;
import dev.skein.worker.runtime.log.LogOptions;
import dev.skein.worker.runtime.log.LogPolicy;
import dev.skein.worker.runtime.os.Awaiting;
import dev.skein.worker.runtime.os.ProcFs;
import dev.skein.worker.runtime.os.ProcessStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A runtime on a directory of its own that leaves nothing behind, and checks that.
final class RuntimeLab implements AutoCloseable {

  static final Duration LIMIT = Duration.ofSeconds(30);

  final Path directory;
  final String daemonId = "test-" + UUID.randomUUID();
  private final LogPolicy logs;
  private final boolean cgroups;
  private ProcessRuntime runtime;

  RuntimeLab(boolean cgroups) throws IOException {
    this(cgroups, LogPolicy.DEFAULT);
  }

  RuntimeLab(boolean cgroups, LogPolicy logs) throws IOException {
    directory = Files.createTempDirectory("skein-runtime");
    this.cgroups = cgroups;
    this.logs = logs;
    runtime = open();
  }

  private ProcessRuntime open() throws IOException {
    return ProcessRuntime.open(
        new ProcessRuntimeConfig(directory, daemonId, logs, cgroups), InstantSource.system());
  }

  ProcessRuntime runtime() {
    return runtime;
  }

  /// Another runtime on the same directory, as after a restart of the daemon.
  ProcessRuntime reopen() throws IOException {
    runtime.close();
    runtime = open();
    return runtime;
  }

  RunningTask run(TaskSpec spec) throws Exception {
    runtime.prepare(spec);
    return runtime.start(spec);
  }

  RunningTask shell(String id, String script) throws Exception {
    return run(TaskSpec.of(id, List.of("sh", "-c", script)));
  }

  static Exit exitOf(@Nullable RunningTask task) throws Exception {
    return Objects.requireNonNull(task).exit().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  List<String> lines(String id) throws Exception {
    return entries(id, LogOptions.ALL).stream().map(LogEntry::line).toList();
  }

  List<LogEntry> entries(String id, LogOptions options) throws Exception {
    var entries = new ArrayList<LogEntry>();
    try (var reader = runtime.logs(id, options)) {
      for (var entry = reader.next(); entry != null; entry = reader.next()) {
        entries.add(entry);
      }
    }
    return entries;
  }

  void awaitLines(String id, int count) throws Exception {
    await(() -> lines(id).size() >= count);
  }

  static void await(Check check) throws Exception {
    assertThat(
            Awaiting.until(
                LIMIT,
                () -> {
                  try {
                    return check.holds();
                  } catch (IOException e) {
                    throw e;
                  } catch (Exception e) {
                    throw new IOException(e);
                  }
                }))
        .as("within " + LIMIT)
        .isTrue();
  }

  @FunctionalInterface
  interface Check {
    boolean holds() throws Exception;
  }

  /// The live processes that carry the mark of a task of this lab, however they are contained.
  List<Long> processes(String id) throws IOException {
    var mark = Containment.MARK_NAME + "=" + Containment.mark(daemonId, id);
    return ProcFs.processes().stream()
        .filter(ProcessStat::alive)
        .map(ProcessStat::pid)
        .filter(pid -> ProcFs.hasEnvironment(pid, mark))
        .toList();
  }

  private List<Long> supervisors() throws IOException {
    return ProcFs.processes().stream()
        .filter(ProcessStat::alive)
        .map(ProcessStat::pid)
        .filter(pid -> ProcFs.hasArgument(pid, directory.resolve("supervise.sh").toString()))
        .toList();
  }

  private List<Path> cgroups() throws IOException {
    try (var top = Files.walk(Path.of("/sys/fs/cgroup"), 4)) {
      return top.filter(path -> path.getFileName().toString().equals(daemonId)).toList();
    }
  }

  @Override
  public void close() throws IOException {
    try (var tasks = Files.list(directory.resolve("tasks"))) {
      for (var task : tasks.toList()) {
        runtime.remove(task.getFileName().toString());
        assertThat(processes(task.getFileName().toString())).isEmpty();
      }
    }
    runtime.close();
    assertThat(Awaiting.until(LIMIT, () -> supervisors().isEmpty())).isTrue();
    assertThat(cgroups()).isEmpty();
    assertThat(directory.resolve("tasks")).isEmptyDirectory();
    for (var left : List.of("tasks", "supervise.sh", "")) {
      Files.delete(directory.resolve(left));
    }
  }
}
