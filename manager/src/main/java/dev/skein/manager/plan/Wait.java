package dev.skein.manager.plan;

import java.time.Duration;
import java.time.Instant;

/// A wait as the state has it: it began at a time that some leader wrote down, and lasts so long.
///
/// A clock may have been wrong at that time and have been put back since, or another manager leads
/// whose clock is right. What began farther in the future than clocks differ tells nothing about
/// when it ends, and is over at once: else all would stand still until that future is there.
///
/// @param from when it began
/// @param length how long it lasts
public record Wait(Instant from, Duration length) {

  /// How far ahead of the clock something that has happened may be.
  public static final Duration AHEAD_MAX = Duration.ofMinutes(1);

  /// Whether a time when something happened is so far ahead that a clock was wrong.
  public static boolean isImpossible(Instant from, Instant now) {
    return from.isAfter(now.plus(AHEAD_MAX));
  }

  /// When it is over.
  public Instant end(Instant now) {
    return isImpossible(from, now) ? now : from.plus(length);
  }
}
