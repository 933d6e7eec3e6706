package dev.skein.chaos.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.chaos.check.Glimpse;
import dev.skein.chaos.check.Glimpse.TaskView;
import dev.skein.chaos.check.Verdict;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SlotWatchTest {

  private static final Duration MAX = Duration.ofSeconds(10);

  /// One task of the slot is to run; the one before it is to end, wherever its node is.
  private static Glimpse glimpse(int second) {
    return new Glimpse(
        Duration.ofSeconds(second).toNanos(),
        List.of(),
        List.of(
            new TaskView("old", "s", 1, "w1", "running", "shutdown", Set.of()),
            new TaskView("new", "s", 1, "w2", "running", "running", Set.of())));
  }

  private static void look(SlotWatch watch, int... seconds) throws IOException {
    for (var second : seconds) {
      watch.look(() -> glimpse(second));
    }
  }

  @Test
  void twoTasksOfASlotThatReallyRunAreSeen() throws IOException {
    var watch = new SlotWatch(Optional.of(() -> Set.of("old", "new", "another")), MAX);
    look(watch, 1, 5);
    assertThat(watch.verdict())
        .isEqualTo(
            new Verdict.Held(
                "slots-unique", Map.of("glimpses", 2L, "tasks", 4L, "longest-overlap-ms", 4000L)));
    assertThat(watch.unseen()).isEmpty();
    look(watch, 12);
    assertThat(watch.verdict()).isInstanceOf(Verdict.Violated.class);
  }

  @Test
  void whereNoProcessIsSeenNoOverlapIsCounted() throws IOException {
    var watch = new SlotWatch(Optional.empty(), MAX);
    look(watch, 1, 5, 12);
    assertThat(watch.verdict())
        .isEqualTo(new Verdict.Held("slots-unique", Map.of("glimpses", 3L, "tasks", 6L)));
    assertThat(watch.unseen()).hasValueSatisfying(why -> assertThat(why).contains("not looked at"));
  }

  @Test
  void aNodeThatIsCutOffByOneFaultAfterTheOtherMayKeepItsTasksAllTheTime() {
    var method =
        ExperimentReaderTest.good(
                """
                apiVersion: chaos/v1
                title: Slots
                guard: {deadman: 10m}
                method:
                  - {at: 10s, fault: pause, target: w1, for: 20s}
                  - {at: 32s, fault: partition, target: w1, for: 10s}
                  - {at: 60s, fault: pause, target: w1, for: 25s}
                """)
            .method();
    assertThat(SlotWatch.longestTrouble(method)).isEqualTo(Duration.ofSeconds(32));
  }
}
