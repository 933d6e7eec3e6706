package dev.skein.manager.autoscale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.Autoscale;
import dev.skein.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RecommendationWindowTest {
  private static final Duration STEP = Duration.ofSeconds(1);

  private final RecommendationWindow window = new RecommendationWindow();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  private static Autoscale delays(int upSeconds, int downSeconds) {
    return Autoscale.newBuilder()
        .setMax(100)
        .setScaleUpDelay(Times.proto(Duration.ofSeconds(upSeconds)))
        .setScaleDownDelay(Times.proto(Duration.ofSeconds(downSeconds)))
        .build();
  }

  private long look(Autoscale spec, long present, long recommended) {
    now = now.plus(STEP);
    return window.decide(spec, present, new Recommendation(recommended, ""), now);
  }

  @Test
  void withoutADelayMoreReplicasComeAtOnce() {
    assertThat(look(delays(0, 60), 2, 5)).isEqualTo(5);
  }

  @Test
  void moreReplicasComeWhenTheyWereNeededForTheWholeDelay() {
    var spec = delays(3, 60);
    assertThat(look(spec, 2, 5)).isEqualTo(2);
    assertThat(look(spec, 2, 5)).isEqualTo(2);
    assertThat(look(spec, 2, 4)).isEqualTo(2);
    assertThat(look(spec, 2, 6)).isEqualTo(4);
  }

  @Test
  void aMomentOfLessBeginsTheScaleUpDelayAnew() {
    var spec = delays(2, 60);
    look(spec, 2, 5);
    look(spec, 2, 2);
    assertThat(look(spec, 2, 5)).isEqualTo(2);
    look(spec, 2, 5);
    assertThat(look(spec, 2, 5)).isEqualTo(5);
  }

  @Test
  void fewerReplicasComeWhenTheyWereEnoughForTheWholeDelay() {
    var spec = delays(0, 5);
    for (var second = 0; second < 5; second++) {
      assertThat(look(spec, 5, second == 1 ? 3 : 1)).isEqualTo(5);
    }
    assertThat(look(spec, 5, 1)).as("the most in the window").isEqualTo(3);
    assertThat(look(spec, 3, 1)).as("one held until the next second").isEqualTo(3);
    assertThat(look(spec, 3, 1)).isEqualTo(1);
  }

  @Test
  void aGapInWhatIsKnownBeginsTheWindowAnew() {
    var spec = delays(0, 5);
    for (var second = 0; second < 4; second++) {
      look(spec, 5, 1);
    }
    now = now.plus(RecommendationWindow.GAP_MAX).plus(STEP);
    assertThat(look(spec, 5, 1)).isEqualTo(5);
    window.interrupt();
    assertThat(look(spec, 5, 1)).isEqualTo(5);
  }

  /// Against the definition: the least, and the most, of all that was recommended in the window.
  @Test
  void itDecidesAsIfItKeptEveryRecommendation() {
    var random = new SplittableRandom(1);
    for (var run = 0; run < 200; run++) {
      var spec = delays(random.nextInt(4), random.nextInt(12));
      var mine = new RecommendationWindow();
      var all = new ArrayList<Long>();
      for (var second = 0; second < 60; second++) {
        now = now.plus(STEP);
        all.add((long) random.nextInt(1, 5));
        var present = random.nextInt(1, 5);
        var decided = mine.decide(spec, present, new Recommendation(all.getLast(), ""), now);
        assertThat(decided).as("%s after %s", spec, all).isEqualTo(expected(spec, present, all));
      }
      now = now.plus(RecommendationWindow.GAP_MAX.multipliedBy(2));
    }
  }

  private static long expected(Autoscale spec, long present, List<Long> all) {
    var up = (int) spec.getScaleUpDelay().getSeconds();
    var down = (int) spec.getScaleDownDelay().getSeconds();
    if (all.size() > up) {
      var least = all.subList(all.size() - up - 1, all.size()).stream().min(Long::compare);
      if (least.orElse(0L) > present) {
        return least.orElse(0L);
      }
    }
    if (all.size() > down) {
      var most = all.subList(all.size() - down - 1, all.size()).stream().max(Long::compare);
      if (most.orElse(Long.MAX_VALUE) < present) {
        return most.orElse(Long.MAX_VALUE);
      }
    }
    return present;
  }
}
