package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;

import com.google.protobuf.Duration;
import dev.skein.state.Times;

/// Checks the durations that users write.
final class Durations {
  private static final int NANOS_PER_SECOND = 1_000_000_000;

  private Durations() {}

  /// @throws Rejection when it is negative, malformed or longer than [SpecLimits#DURATION]
  static void check(String name, boolean given, Duration duration) throws Rejection {
    if (!given) {
      return;
    }
    if (duration.getSeconds() < 0 || duration.getNanos() < 0) {
      throw invalid("%s cannot be negative", name);
    }
    if (duration.getNanos() >= NANOS_PER_SECOND
        || duration.getSeconds() > SpecLimits.DURATION.toSeconds()) {
      throw invalid(
          "%s of %d s is longer than the limit of %d s",
          name, duration.getSeconds(), SpecLimits.DURATION.toSeconds());
    }
  }

  /// As [#check], and not shorter than `least`.
  static void checkAtLeast(String name, boolean given, Duration duration, java.time.Duration least)
      throws Rejection {
    check(name, given, duration);
    if (given && Times.duration(duration).compareTo(least) < 0) {
      throw invalid("%s of %s is shorter than %s", name, Times.duration(duration), least);
    }
  }

  /// As [#checkAtLeast] for one that is unset when it is 0, as Docker has it.
  static void checkZeroOrAtLeast(String name, Duration duration, java.time.Duration least)
      throws Rejection {
    checkAtLeast(name, !Times.duration(duration).isZero(), duration, least);
  }
}
