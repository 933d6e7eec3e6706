package dev.skein.chaos.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeldFramesTest {

  private static final long LONG = 1_000_000;

  private static byte[] frame(int number) {
    return new byte[] {(byte) number};
  }

  private static HeldFrames held(long delay, long jitter) {
    return new HeldFrames(delay, jitter, new Random(1));
  }

  @Test
  void aFrameIsHeldForTheDelayAndNoLonger() {
    var held = held(50, 0);
    assertThat(held.isDue(0)).isFalse();
    assertThat(held.nanosToNext(0, LONG)).isEqualTo(LONG);
    assertThat(held.hold(frame(1), 100)).isTrue();
    assertThat(held.nanosToNext(110, LONG)).isEqualTo(40);
    assertThat(held.nanosToNext(110, 7)).isEqualTo(7);
    assertThat(held.isDue(149)).isFalse();
    assertThat(held.isDue(150)).isTrue();
    assertThat(held.nanosToNext(170, LONG)).isZero();
    assertThat(held.take()).containsExactly(1);
    assertThat(held.isDue(150)).isFalse();
  }

  @Test
  void withoutJitterNoneOvertakesAnotherEvenWhenTheyCameTogether() {
    var held = held(50, 0);
    for (var i = 0; i < 100; i++) {
      held.hold(frame(i), i / 10);
    }
    for (var i = 0; i < 100; i++) {
      assertThat(held.take()).containsExactly(i);
    }
  }

  @Test
  void withJitterEachIsHeldWithinItAndSomeOvertakeOthers() {
    var held = held(50, 20);
    for (var i = 0; i < 100; i++) {
      held.hold(frame(i), 0);
    }
    assertThat(held.nanosToNext(0, LONG)).isBetween(30L, 35L);
    var order = new ArrayList<Integer>();
    for (var now = 0; now <= 70; now++) {
      while (held.isDue(now)) {
        order.add((int) held.take()[0]);
      }
    }
    assertThat(order).hasSize(100).doesNotHaveDuplicates();
    var sorted = new ArrayList<>(order);
    Collections.sort(sorted);
    assertThat(order).isNotEqualTo(sorted);
  }

  @Test
  void whatComesWhenItIsFullIsDroppedUntilThereIsRoom() {
    var held = held(50, 0);
    for (var i = 0; i < HeldFrames.FRAMES_MAX; i++) {
      assertThat(held.hold(frame(0), 0)).isTrue();
    }
    assertThat(held.hold(frame(0), 0)).isFalse();
    held.take();
    assertThat(held.hold(frame(0), 0)).isTrue();
  }

  @Test
  void itIsFullOfLongFramesSooner() {
    var held = held(50, 0);
    var half = new byte[HeldFrames.BYTES_MAX / 2];
    assertThat(held.hold(half, 0)).isTrue();
    assertThat(held.hold(half, 0)).isTrue();
    assertThat(held.hold(frame(0), 0)).isFalse();
    held.take();
    assertThat(held.hold(frame(0), 0)).isTrue();
  }
}
