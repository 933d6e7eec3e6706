package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;

import com.google.protobuf.Duration;
import dev.skein.state.Times;
import java.util.Locale;

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
          "%s of %s is longer than %s",
          name,
          text(java.time.Duration.ofSeconds(duration.getSeconds())),
          text(SpecLimits.DURATION));
    }
  }

  /// As [#check], and not shorter than `least`.
  static void checkAtLeast(String name, boolean given, Duration duration, java.time.Duration least)
      throws Rejection {
    check(name, given, duration);
    if (given && Times.duration(duration).compareTo(least) < 0) {
      throw invalid(
          "%s of %s is shorter than %s", name, text(Times.duration(duration)), text(least));
    }
  }

  /// As [#checkAtLeast] for one that is unset when it is 0, as Docker has it.
  static void checkZeroOrAtLeast(String name, Duration duration, java.time.Duration least)
      throws Rejection {
    checkAtLeast(name, !Times.duration(duration).isZero(), duration, least);
  }

  /// A duration as users write it: `1h30m`, `0.1s`.
  static String text(java.time.Duration duration) {
    // Java's own form, PT1H30M0.5S, has the same units.
    return duration.toString().substring(2).toLowerCase(Locale.ROOT);
  }
}
