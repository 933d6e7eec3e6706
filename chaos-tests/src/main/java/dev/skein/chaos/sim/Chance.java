package dev.skein.chaos.sim;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/// All of a simulation's randomness, from one seed.
final class Chance {
  private final RandomGenerator random;

  Chance(RandomGenerator random) {
    this.random = random;
  }

  boolean in(int n) {
    return random.nextInt(n) == 0;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  int between(int low, int high) {
    return random.nextInt(low, high + 1);
  }

  Duration millis(long low, long high) {
    return Duration.ofMillis(random.nextLong(low, high + 1));
  }

  Duration micros(long low, long high) {
    return Duration.ofNanos(random.nextLong(low, high + 1) * 1_000);
  }

  <T> T of(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
