package dev.skein.worker.runtime.os;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.worker.runtime.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProcessWatcherTest {

  private static final long LIMIT_SECONDS = 20;

  static Stream<Supplier<ProcessWatcher>> watchers() {
    return Stream.of(
        () -> {
          try {
            return new PidfdWatcher(Linux.available().orElseThrow());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        PollingWatcher::new);
  }

  private static Process sleeping() throws Exception {
    return new ProcessBuilder("sleep", "1000").start();
  }

  private static ProcessId idOf(Process process) {
    return ProcFs.stat(process.pid()).orElseThrow().id();
  }

  @ParameterizedTest
  @MethodSource("watchers")
  void endsAreToldOnceEach(Supplier<ProcessWatcher> open) throws Exception {
    try (var watcher = open.get()) {
      var processes = List.of(sleeping(), sleeping(), sleeping());
      var ends = new CountDownLatch(processes.size());
      for (var process : processes) {
        watcher.watch(idOf(process), ends::countDown);
      }
      assertThat(ends.getCount()).isEqualTo(3);
      for (var process : processes) {
        assertThat(Signals.send(idOf(process), Signal.KILL)).isTrue();
      }
      assertThat(ends.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("watchers")
  void anEndedProcessAndAReusedNumberAreToldAtOnce(Supplier<ProcessWatcher> open) throws Exception {
    try (var watcher = open.get()) {
      var process = sleeping();
      var id = idOf(process);
      var ends = new CountDownLatch(2);
      watcher.watch(new ProcessId(id.pid(), id.startTicks() - 1), ends::countDown);
      process.destroyForcibly().waitFor();
      watcher.watch(id, ends::countDown);
      assertThat(ends.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("watchers")
  void aNumberThatIsAThreadsNowIsToldAtOnce(Supplier<ProcessWatcher> open) throws Exception {
    var self = ProcessHandle.current().pid();
    try (var watcher = open.get();
        var threads = Files.list(Path.of("/proc/self/task"))) {
      var thread =
          threads
              .map(each -> Long.parseLong(each.getFileName().toString()))
              .filter(each -> each != self)
              .findAny()
              .orElseThrow();
      var id = new ProcessId(thread, 1);
      var ends = new CountDownLatch(1);
      watcher.watch(id, ends::countDown);
      assertThat(ends.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(Signals.send(id, Signal.TERM)).isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource("watchers")
  void aClosedWatcherTellsNothing(Supplier<ProcessWatcher> open) throws Exception {
    var process = sleeping();
    var ends = new CountDownLatch(1);
    var watcher = open.get();
    watcher.watch(idOf(process), ends::countDown);
    watcher.close();
    process.destroyForcibly().waitFor();
    assertThat(ends.await(200, TimeUnit.MILLISECONDS)).isFalse();
  }

  @Test
  void aSignalReachesOnlyTheProcessThatIsMeant() throws Exception {
    var process = sleeping();
    var id = idOf(process);
    assertThat(Signals.send(new ProcessId(id.pid(), id.startTicks() + 1), Signal.KILL)).isFalse();
    assertThat(process.isAlive()).isTrue();
    assertThat(Signals.send(id, Signal.TERM)).isTrue();
    assertThat(process.waitFor()).isEqualTo(143);
    assertThat(Signals.send(id, Signal.TERM)).isFalse();
  }

  @Test
  void waitingIsBounded() throws Exception {
    assertThat(Awaiting.until(Duration.ofMillis(20), () -> false)).isFalse();
  }

  @Test
  void aCommandsNameMayLookLikeTheRestOfTheLine() {
    var line = "42 (a) S 9 (b) R 7 8 6 0 -1 4 0 0 0 0 1 2 3 4 20 0 1 0 555 1000 77 0\n";
    assertThat(ProcessStat.parse(line)).isEqualTo(new ProcessStat(42, 'R', 7, 6, 10, 555, 77));
  }
}
