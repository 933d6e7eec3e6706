package dev.skein.manager.restart;

import static dev.skein.manager.plan.World.replicated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.RestartPolicy;
import dev.skein.proto.v1.TaskState;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// A restart delay that grows up to a longest one.
class BackoffTest {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final World world = new World();

  private void create(Duration delay) {
    var spec = replicated("web", 1);
    spec.getTaskTemplateBuilder()
        .setRestartPolicy(
            RestartPolicy.newBuilder()
                .setDelay(Times.proto(delay))
                .setMaxDelay(Times.proto(LONGEST)));
    world.nodes("a").create(spec).work();
  }

  /// Fails the task that runs, and tells how long its replacement is to wait.
  private Duration failAndTellTheDelay() {
    world.fail(world.slot("web", 1)).settle();
    var next = world.slot("web", 1);
    var startAfter = next.hasStartAfter() ? Times.instant(next.getStartAfter()) : Instant.MIN;
    return startAfter.isBefore(world.now())
        ? Duration.ZERO
        : Duration.between(world.now(), startAfter);
  }

  private List<Duration> delays(int count) {
    return IntStream.range(0, count)
        .mapToObj(
            failure -> {
              var delay = failAndTellTheDelay();
              world.passWorking(delay);
              return delay;
            })
        .toList();
  }

  private static List<Duration> seconds(int... seconds) {
    return IntStream.of(seconds).mapToObj(Duration::ofSeconds).toList();
  }

  @Test
  void theDelayDoublesWithEveryRestartInARowUpToTheLongest() {
    create(Duration.ofSeconds(5));
    assertThat(delays(5)).isEqualTo(seconds(5, 10, 20, 30, 30));
  }

  @Test
  void aDelayOfZeroGrowsFromOneSecond() {
    create(Duration.ZERO);
    assertThat(delays(5)).isEqualTo(seconds(0, 1, 2, 4, 8));
  }

  @Test
  void aTaskThatRanForTheLongestDelayStartsTheRowAnew() {
    create(Duration.ofSeconds(5));
    delays(3);
    world.passWorking(LONGEST.minusMillis(1));
    assertThat(failAndTellTheDelay()).isEqualTo(LONGEST);
    world.passWorking(LONGEST).passWorking(LONGEST);
    assertThat(failAndTellTheDelay()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void theRowSurvivesAChangeOfLeaderAndTheLossOfANode() {
    create(Duration.ofSeconds(5));
    delays(2);
    world.changeLeader();
    assertThat(failAndTellTheDelay()).isEqualTo(Duration.ofSeconds(20));
    world.changeLeader().pass(Duration.ofMillis(19_999));
    assertThat(world.slot("web", 1).getDesiredState()).isEqualTo(TaskState.TASK_STATE_READY);
    world.passWorking(Duration.ofMillis(1));
    assertThat(world.running("web")).hasSize(1);
    world.nodes("b").removeNode("a").work();
    assertThat(failAndTellTheDelay()).isEqualTo(LONGEST);
  }

  @Test
  void aNewRevisionStartsTheRowAnew() {
    create(Duration.ofSeconds(5));
    delays(3);
    world.newArgs("web", "other").passWorking(Duration.ofMinutes(1));
    assertThat(failAndTellTheDelay()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void withoutALongestDelayItStaysTheSame() {
    var spec = replicated("web", 1);
    spec.getTaskTemplateBuilder()
        .setRestartPolicy(RestartPolicy.newBuilder().setDelay(Times.proto(Duration.ofSeconds(2))));
    world.nodes("a").create(spec).work();
    assertThat(delays(4)).isEqualTo(seconds(2, 2, 2, 2));
  }
}
