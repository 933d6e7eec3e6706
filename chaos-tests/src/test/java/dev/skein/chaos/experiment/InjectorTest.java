package dev.skein.chaos.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.cluster.Await;
import dev.skein.chaos.experiment.QuorumTest.FakeSight;
import dev.skein.chaos.fault.Fault;
import dev.skein.chaos.host.HostCluster;
import dev.skein.chaos.host.HostNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InjectorTest {

  @TempDir private static Path directory;

  private final AtomicInteger injected = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private final FakeSight sight = new FakeSight("m1", "m2", "m3");
  private final Quorum quorum = new Quorum(sight, true, System::nanoTime);

  /// A step that needs no real node.
  private Injector injector(int number, String target, Journal journal, CountDownLatch stop) {
    var nodes =
        List.of("m1", "m2", "m3").stream()
            .map(name -> new HostNode(name, name, "", true, Optional.empty()))
            .toList();
    var fault =
        new Fault(
            "test",
            "",
            "",
            List.of(),
            true,
            List.of(),
            site -> {
              injected.incrementAndGet();
              return ended::incrementAndGet;
            });
    var step =
        new Experiment.Step(
            Duration.ZERO,
            fault,
            Target.of(target).orElseThrow(),
            Duration.ofSeconds(30),
            Map.of());
    return new Injector(
        HostCluster.told(nodes, directory),
        new Plan.Entry(number, step, Optional.empty()),
        ExperimentReaderTest.good(
            """
            apiVersion: chaos/v1
            title: Steps
            method:
              - {at: 1s, fault: kill, target: leader}
            """),
        journal,
        quorum,
        Duration.ZERO,
        stop);
  }

  @Test
  void aStepThatTheManagersCantDoWithoutIsSkippedAndNothingIsInjected() throws Exception {
    sight.is("m3", "unreachable");
    try (var journal = journal()) {
      var step = injector(1, "m1", journal, new CountDownLatch(1));
      step.start();
      step.join();
      assertThat(step.bar().state()).contains("skipped", "m3 is unreachable", "no majority");
      assertThat(step.bar().node()).isEmpty();
      assertThat(injected).hasValue(0);
      assertThat(journal.lines()).anySatisfy(said -> assertThat(said.text()).contains("skipped"));
    }
  }

  @Test
  void aManagerIsSparedAsLongAsAnotherStepIsInForce() throws Exception {
    try (var journal = journal()) {
      for (var number = 1; number <= 2; number++) {
        var stop = new CountDownLatch(1);
        var step = injector(number, "m" + number, journal, stop);
        var count = number;
        step.start();
        Await.until(
            "it is injected", Duration.ofSeconds(30), () -> assertThat(injected).hasValue(count));
        var refused = injector(3, "m3", journal, stop);
        refused.start();
        refused.join();
        assertThat(refused.bar().state()).contains("skipped", "m" + number + " is hurt");
        stop.countDown();
        step.join();
        assertThat(step.bar().state()).isEqualTo("done");
        assertThat(ended).hasValue(number);
      }
    }
  }

  private static Journal journal() throws Exception {
    var nothing = new PrintStream(new ByteArrayOutputStream());
    return new Journal(
        directory.resolve("timeline.jsonl"), new Screen(nothing, false, 80), System::nanoTime);
  }
}
